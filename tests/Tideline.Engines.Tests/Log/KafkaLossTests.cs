using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Log;

/// <summary>What Kafka lost is found, said, and not passed over.</summary>
public sealed class KafkaLossTests : IAsyncLifetime
{
    private readonly KafkaTopics _topics = new(RealEngine.Kafka);
    private readonly LogLines<KafkaLog> _said = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _topics.DisposeAsync();

    [Fact]
    public async Task A_lost_record_stops_its_partition_and_no_other()
    {
        await using var log = await _topics.OpenAsync(_said);
        await log.AppendAsync(
            [KafkaTopics.Record("s", 1), KafkaTopics.Record("s", 2), KafkaTopics.Record("other", 1, 1)], default);
        await _topics.ProduceAsync(0, CloudEventHeaders.Write(
            KafkaTopics.Record("s", 4), new RecordStamp("s", 4, 3, 3), KafkaTopics.Seal));

        (await log.ReadAsync("t", 0, 0, 10, default)).Select(record => record.SourceSeq).ShouldBe([1, 2]);
        await IsCorruptAsync(async () => await log.ReadAsync("t", 0, 2, 10, default));
        await IsCorruptAsync(async () => await log.GetHeadAsync("t", 0, default));
        await IsCorruptAsync(async () => await log.AppendAsync([KafkaTopics.Record("s", 5)], default));
        await IsCorruptAsync(async () => await log.GetSourceHeadAsync("t", "s", default));
        _said.At(LogLevel.Critical).ShouldHaveSingleItem().ShouldContain("s goes from 2 to 4");

        await log.AppendAsync([KafkaTopics.Record("other", 2, 1)], default);
        (await log.ReadAsync("t", 1, 0, 10, default)).Count.ShouldBe(2);
        (await log.GetSourceHeadAsync("t", "other", default)).ShouldBe(2);
        (await log.ReadAsync("t", 0, 0, 10, default)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_follower_meets_a_loss_too()
    {
        await using var log = await _topics.OpenAsync(_said);
        await log.AppendAsync([KafkaTopics.Record("s", 1)], default);
        await log.WaitAsync("t", 0, 1, TimeSpan.FromMilliseconds(1), default);
        await _topics.ProduceAsync(0, CloudEventHeaders.Write(
            KafkaTopics.Record("s", 3), new RecordStamp("s", 3, 2, 2), KafkaTopics.Seal));
        await log.WaitAsync("t", 0, 1, TimeSpan.FromSeconds(30), default);
        await IsCorruptAsync(async () => await log.ReadAsync("t", 0, 1, 10, default));
    }

    [Fact]
    public async Task A_partition_that_ends_before_what_was_read_is_said()
    {
        await using var log = await _topics.OpenAsync(_said);
        await log.AppendAsync([.. Enumerable.Range(1, 5).Select(seq => KafkaTopics.Record("s", seq))], default);
        await RecreateAsync();
        await IsCorruptAsync(async () => await log.GetHeadAsync("t", 0, default));
        _said.At(LogLevel.Critical).ShouldHaveSingleItem().ShouldContain("ends at Kafka offset 0, but had reached 5");
    }

    [Fact]
    public async Task A_topic_that_was_made_anew_has_no_past()
    {
        await using (var log = await _topics.OpenAsync())
        {
            await log.AppendAsync([KafkaTopics.Record("s", 1), KafkaTopics.Record("s", 2)], default);
            await log.CommitAsync("g", "t", 0, 2, default);
        }

        await RecreateAsync();
        await using var next = await _topics.OpenAsync(_said);
        (await next.GetSourceHeadAsync("t", "s", default)).ShouldBe(0);
        (await next.GetCommittedAsync("g", "t", 0, default)).ShouldBe(0);
        await next.AppendAsync([KafkaTopics.Record("s", 1)], default);
        (await next.GetHeadAsync("t", 0, default)).ShouldBe(1);
        _said.At(LogLevel.Critical).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_that_Kafka_forgot_goes_on_from_the_copy_and_stays_safe_from_retention()
    {
        await using (var log = await _topics.OpenAsync())
        {
            await log.AppendAsync([.. Enumerable.Range(1, 10).Select(seq => KafkaTopics.Record("s", seq))], default);
            await log.CommitAsync("slow", "t", 0, 3, default);
            await log.CommitAsync("fast", "t", 0, 4, default);
            await log.CommitAsync("fast", "t", 0, 9, default);
        }

        using (var admin = _topics.Admin()) await admin.DeleteGroupsAsync(
            [$"{_topics.Prefix}slow", $"{_topics.Prefix}fast"]);
        await using var next = await _topics.OpenAsync();
        (await next.GetHeadAsync("t", 0, default)).ShouldBe(10);
        (await next.TrimAsync(DateTimeOffset.UnixEpoch.AddYears(900), default)).ShouldBe(3);
        (await next.GetCommittedAsync("slow", "t", 0, default)).ShouldBe(3);
        (await next.GetCommittedAsync("fast", "t", 0, default)).ShouldBe(9);
        (await next.DescribeAsync(default))
            .Single().Groups.ShouldBe(new Dictionary<string, long> { ["slow"] = 3, ["fast"] = 9 }, ignoreOrder: true);
    }

    private async Task RecreateAsync()
    {
        using var admin = _topics.Admin();
        var topic = $"{_topics.Prefix}t";
        await admin.DeleteTopicsAsync([topic]);
        var configs = new Dictionary<string, string> { ["retention.ms"] = "-1", ["cleanup.policy"] = "delete" };
        // A deletion shows on the brokers a moment later.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await admin.CreateTopicsAsync(
                    [new TopicSpecification { Name = topic, NumPartitions = 2, Configs = configs }]);
                return;
            }
            catch (CreateTopicsException) when (attempt < 100)
            {
                await Task.Delay(50);
            }
        }
    }

    private static async Task IsCorruptAsync(Func<Task> call) =>
        (await Should.ThrowAsync<TidelineException>(call)).Code.ShouldBe(ErrorCode.Corrupt);
}
