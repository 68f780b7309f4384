using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Log;

/// <summary>Brokers that die, lines that break, answers that are lost.</summary>
public sealed class KafkaBrokerTests(KafkaBehindProxy broker) : IClassFixture<KafkaBehindProxy>
{
    [Fact]
    public async Task A_broker_that_is_killed_and_comes_back_loses_and_repeats_nothing()
    {
        var topics = new KafkaTopics(broker.Servers);
        const int Total = 4_000;
        await using var log = await topics.OpenAsync();
        using var load = new KafkaLoad(log);
        var (followers, appending) = (load.FollowAllAsync(Total), load.AppendAsync(Total));
        await load.ConfirmedAsync(Total / 2);
        await broker.KillAsync();
        await appending;
        // Kafka itself may hold repeats now: a broker that restarts forgets producers whose newest record is a day old,
        // as those of this test are.
        await load.EveryRecordCameOnceAsync(followers, Total);
    }

    [Fact]
    public async Task A_line_that_is_cut_and_mended_loses_and_repeats_nothing()
    {
        var topics = new KafkaTopics(broker.Servers);
        const int Total = 4_000;
        await using var log = await topics.OpenAsync();
        using var load = new KafkaLoad(log);
        var (followers, appending) = (load.FollowAllAsync(Total), load.AppendAsync(Total));
        for (var at = 500; at < Total; at += 500)
        {
            await load.ConfirmedAsync(at);
            await broker.CutAsync();
        }

        await appending;
        await load.EveryRecordCameOnceAsync(followers, Total);
    }

    [Fact]
    public async Task Brokers_that_do_not_answer_are_named_while_nobody_uses_the_log_and_until_they_do()
    {
        await using var log = await new KafkaTopics(broker.Servers).OpenAsync();
        await log.AppendAsync([KafkaTopics.Record("s", 1)], default);
        await broker.LoseAnswersAsync();
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (log.Faults.Count == 0) await Task.Delay(50, late.Token);
        var said = log.Faults.ShouldHaveSingleItem().Sentence;
        said.ShouldStartWith("The state of the log keeps failing and is retried: Kafka ");
        await broker.MendAsync();
        while (log.Faults.Count > 0) await Task.Delay(50, late.Token);
    }

    [Fact]
    public async Task An_append_whose_answer_is_lost_is_there_once()
    {
        var topics = new KafkaTopics(broker.Servers);
        var records = Enumerable.Range(1, 30).Select(seq => KafkaTopics.Record("s", seq, seq % 2)).ToArray();
        var log = await topics.OpenAsync();
        await log.AppendAsync(records[..10], default);

        await broker.LoseAnswersAsync();
        var fault = await Should.ThrowAsync<TidelineException>(
            async () => await log.AppendAsync(records[..20], default));
        (fault.Code, fault.IsTransient).ShouldBe((ErrorCode.StorageUnavailable, true));
        await broker.MendAsync();
        await log.AppendAsync(records[..20], default);
        (await log.GetSourceHeadAsync("t", "s", default)).ShouldBe(20);

        // This time the process that does not know ends; the next one asks the log.
        await broker.LoseAnswersAsync();
        await Should.ThrowAsync<TidelineException>(async () => await log.AppendAsync(records, default));
        var closing = log.DisposeAsync().AsTask();
        await broker.MendAsync();
        await closing;
        await using var next = await topics.OpenAsync();
        (await next.GetSourceHeadAsync("t", "s", default)).ShouldBe(30);
        await next.AppendAsync(records, default);
        for (var partition = 0; partition < 2; partition++)
        {
            (await next.ReadAsync("t", partition, 0, 100, default))
                .Select(record => record.SourceSeq).ShouldBe(KafkaLoad.Of(partition, 30));
            topics.Consume(partition).Count.ShouldBe(15);
        }
    }

    [Fact]
    public async Task A_log_whose_brokers_are_away_closes_within_a_limit_and_ends_the_calls_inside_it()
    {
        var log = await new KafkaTopics(broker.Servers).OpenAsync();
        await log.AppendAsync([KafkaTopics.Record("s", 1)], default);
        var inside = log.WaitAsync("t", 0, 1, TimeSpan.FromMinutes(5), default).AsTask();
        await broker.LoseAnswersAsync();
        try
        {
            var asking = log.GetHeadAsync("t", 0, default).AsTask();
            await log.DisposeAsync()
                .AsTask().WaitAsync(TimeSpan.FromMilliseconds(KafkaLimits.CloseMs + (3 * KafkaLimits.RequestMs)));
            foreach (var call in new Task[] { inside, asking })
                (await Should.ThrowAsync<TidelineException>(call)).Code.ShouldBe(ErrorCode.ShuttingDown);
        }
        finally
        {
            await broker.MendAsync();
        }
    }
}
