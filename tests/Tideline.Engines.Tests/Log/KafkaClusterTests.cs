using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;
using ErrorCode = Tideline.Kernel.ErrorCode;

namespace Tideline.Engines.Tests.Log;

/// <summary>Three brokers: a leader that fails, and an election that may go to one that lacks records.</summary>
public sealed class KafkaClusterTests(KafkaCluster cluster) : IClassFixture<KafkaCluster>, IAsyncLifetime
{
    private readonly LogLines<KafkaLog> _said = new();

    public async ValueTask InitializeAsync() => await cluster.Brokers.AreUpAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_leader_that_is_killed_loses_and_repeats_nothing()
    {
        var topics = new KafkaTopics(cluster.Brokers.Servers);
        const int Total = 4_000;
        await using var log = await OpenAsync(topics, replicas: 3);
        using var load = new KafkaLoad(log);
        var (followers, appending) = (load.FollowAllAsync(Total), load.AppendAsync(Total));
        await load.ConfirmedAsync(Total / 2);
        await cluster.Brokers.KillAsync(Replicas(topics)[0]);
        await appending;
        await load.EveryRecordCameOnceAsync(followers, Total);
    }

    [Fact]
    public async Task An_unclean_election_is_found_and_said()
    {
        var topics = new KafkaTopics(cluster.Brokers.Servers);
        await using (var living = await OpenAsync(topics, replicas: 2))
        {
            await living.AppendAsync(
                [.. Enumerable.Range(1, 100).Select(seq => KafkaTopics.Record("s", seq))], default);
            // Somebody has made it possible.
            await AllowUncleanAsync(topics, "true");
            var (leader, follower) = (Replicas(topics)[0], Replicas(topics)[1]);
            await cluster.Brokers.KillAsync(follower);
            await living.AppendAsync(
                [.. Enumerable.Range(101, 50).Select(seq => KafkaTopics.Record("s", seq))], default);
            await living.CommitAsync("g", "t", 0, 150, default);
            await cluster.Brokers.KillAsync(leader);
            cluster.Brokers.Launch(follower);
            await HasLeaderAsync(topics, follower);

            // Who was there stands still: it has read what is gone.
            var fault = await Should.ThrowAsync<TidelineException>(
                async () => await living.GetHeadAsync("t", 0, default));
            (fault.Code, fault.Message.Contains("the brokers lost records")).ShouldBe((ErrorCode.Corrupt, true));
            (await Should.ThrowAsync<TidelineException>(async () =>
                await living.AppendAsync([KafkaTopics.Record("s", 151)], default))).Code.ShouldBe(ErrorCode.Corrupt);
            _said.At(LogLevel.Critical).ShouldHaveSingleItem();
        }

        // The topic of the log's own state may have been on the same two.
        await cluster.Brokers.AreUpAsync();
        // The next process refuses such a topic. When that is put right it goes on with what is left, so that the relay
        // can give again what the ledger has.
        await using (var next = await OpenAsync(topics, replicas: 2))
            (await Should.ThrowAsync<TidelineException>(async () => await next.GetHeadAsync("t", 0, default)))
                .Code.ShouldBe(ErrorCode.IncompatibleData);
        await AllowUncleanAsync(topics, "false");
        await using var last = await OpenAsync(topics, replicas: 2);
        (await last.GetSourceHeadAsync("t", "s", default)).ShouldBe(100);
        (await last.GetCommittedAsync("g", "t", 0, default)).ShouldBe(100);
        _said.At(LogLevel.Critical).Count.ShouldBe(2);
        await last.AppendAsync([.. Enumerable.Range(101, 51).Select(seq => KafkaTopics.Record("s", seq))], default);
        (await last.GetHeadAsync("t", 0, default)).ShouldBe(151);
    }

    [Fact]
    public async Task A_partition_that_nobody_may_lead_is_told_and_comes_back_with_its_broker()
    {
        var topics = new KafkaTopics(cluster.Brokers.Servers);
        await using (var log = await OpenAsync(topics, replicas: 2))
        {
            await log.AppendAsync([KafkaTopics.Record("s", 1)], default);
        }

        // Both hold it; who failed last alone may lead it again, and is away.
        var (leader, follower) = (Replicas(topics)[0], Replicas(topics)[1]);
        await cluster.Brokers.KillAsync(follower);
        await UntilAsync(topics, partition => partition.InSyncReplicas.SequenceEqual([leader + 1]));
        await cluster.Brokers.KillAsync(leader);
        await cluster.Brokers.RunAsync(follower);
        await UntilAsync(topics, partition => partition.Leader < 0);
        var told = await Should.ThrowAsync<TidelineException>(async () =>
        {
            await using var early = await OpenAsync(topics, replicas: 2);
            await early.GetHeadAsync("t", 0, default);
        });
        (told.Code, told.Message.Contains("no leader", StringComparison.Ordinal))
            .ShouldBe((ErrorCode.StorageUnavailable, true), told.Message);

        await cluster.Brokers.AreUpAsync();
        await using var late = await OpenAsync(topics, replicas: 2);
        (await late.GetHeadAsync("t", 0, default)).ShouldBe(1);
    }

    private Task<KafkaLog> OpenAsync(KafkaTopics topics, short replicas) =>
        KafkaLog.OpenAsync(topics.Options with { ReplicationFactor = replicas, MinInSyncReplicas = replicas - 1 },
            TimeProvider.System, _said, default);

    // The nodes that hold partition 0, the leader first.
    private static int[] Replicas(KafkaTopics topics)
    {
        using var admin = topics.Admin();
        var partition = admin.GetMetadata(topics.Prefix + "t", TimeSpan.FromSeconds(30)).Topics.Single().Partitions[0];
        return [partition.Leader - 1,
            .. partition.Replicas.Where(replica => replica != partition.Leader).Select(replica => replica - 1)];
    }

    private static Task HasLeaderAsync(KafkaTopics topics, int node) =>
        UntilAsync(topics, partition => partition.Leader == node + 1);

    private static async Task UntilAsync(KafkaTopics topics, Func<PartitionMetadata, bool> isSo)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var admin = topics.Admin();
        while (true)
        {
            try
            {
                if (isSo(admin.GetMetadata(topics.Prefix + "t", TimeSpan.FromSeconds(2)).Topics.Single().Partitions[0]))
                    return;
            }
            catch (KafkaException) when (!late.IsCancellationRequested)
            {
                // Not yet.
            }

            await Task.Delay(100, late.Token);
        }
    }

    private static async Task AllowUncleanAsync(KafkaTopics topics, string value)
    {
        using var admin = topics.Admin();
        var topic = new ConfigResource { Type = ResourceType.Topic, Name = topics.Prefix + "t" };
        await admin.IncrementalAlterConfigsAsync(new()
        {
            [topic] = [new ConfigEntry
            {
                Name = "unclean.leader.election.enable", Value = value, IncrementalOperation = AlterConfigOpType.Set
            }],
        }).WaitAsync(TimeSpan.FromMilliseconds(3 * KafkaLimits.CallMs));
    }
}
