using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Tideline.Engines.Log.Kafka;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// Kafka holds more than the log: what two processes wrote for the same source, what strangers wrote. No reader sees
/// it.
/// </summary>
public sealed class KafkaRepeatTests : IAsyncLifetime
{
    private readonly KafkaTopics _topics = new(RealEngine.Kafka);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _topics.DisposeAsync();

    [Fact]
    public async Task What_two_processes_append_for_one_source_is_read_once()
    {
        await using (var first = await _topics.OpenAsync())
        {
            await first.AppendAsync(Records(1, 3), default);
            await using var second = await _topics.OpenAsync();
            await second.AppendAsync(Records(1, 5), default);
            // The first does not know of the second and goes on where it stood itself.
            await first.AppendAsync(Records(4, 6), default);
            await second.AppendAsync(Records(6, 7), default);
            await ReadsOnceAsync(first, 7);
            await ReadsOnceAsync(second, 7);
        }

        _topics.Consume(0).Count.ShouldBe(10);
        // The next process goes on from what was kept of the partition.
        await using (var third = await _topics.OpenAsync())
        {
            await third.AppendAsync(Records(7, 9), default);
            await ReadsOnceAsync(third, 9);
        }

        // And one that finds nothing kept, from the partition itself.
        using (var admin = _topics.Admin()) await admin.DeleteTopicsAsync([_topics.Prefix + StateTopic.Name]);
        await using var fourth = await _topics.OpenAsync();
        await ReadsOnceAsync(fourth, 9);
    }

    [Fact]
    public async Task Groups_and_retention_count_what_is_read()
    {
        await using (var first = await _topics.OpenAsync())
        {
            await first.AppendAsync(Records(1, 4), default);
            await using (var second = await _topics.OpenAsync()) await second.AppendAsync(Records(1, 6), default);
            await first.AppendAsync(Records(5, 8), default);
            for (var offset = 0; offset <= 8; offset++)
            {
                await first.CommitAsync("g", "t", 0, offset, default);
                (await first.GetCommittedAsync("g", "t", 0, default)).ShouldBe(offset);
            }

            await first.CommitAsync("g", "t", 0, 5, default);
            (await first.TrimAsync(DateTimeOffset.UnixEpoch.AddYears(900), default)).ShouldBe(5);
        }

        await using var next = await _topics.OpenAsync();
        var status = (await next.DescribeAsync(default)).Single();
        (status.FirstOffset, status.HeadOffset, status.Groups["g"]).ShouldBe((6, 8, 5));
        (await next.ReadAsync("t", 0, 0, 10, default))
            .Select(record => (record.Offset, record.SourceSeq)).ShouldBe([(6, 6), (7, 7), (8, 8)]);
        (await next.ReadAsync("t", 0, 6, 1, default)).Select(record => record.Offset).ShouldBe([7]);
    }

    [Fact]
    public async Task A_record_that_never_arrived_is_filled_in_behind_those_that_did()
    {
        await using (var before = await _topics.OpenAsync()) await before.AppendAsync(
            [KafkaTopics.Record("s", 1, 1)], default);
        // The producer died: of 2 to 4 only those for partition 1 arrived.
        await _topics.ProduceAsync(1, CloudEventHeaders.Write(
            KafkaTopics.Record("s", 3, 1), new RecordStamp("s", 3, 1, 1), KafkaTopics.Seal));
        await _topics.ProduceAsync(1, CloudEventHeaders.Write(
            KafkaTopics.Record("s", 4, 1), new RecordStamp("s", 4, 3, 1), KafkaTopics.Seal));

        await using var log = await _topics.OpenAsync();
        (await log.GetSourceHeadAsync("t", "s", default)).ShouldBe(1);
        await log.AppendAsync([KafkaTopics.Record("s", 2),
            KafkaTopics.Record("s", 3, 1), KafkaTopics.Record("s", 4, 1), KafkaTopics.Record("s", 5)], default);
        (await log.GetSourceHeadAsync("t", "s", default)).ShouldBe(5);
        (await log.ReadAsync("t", 0, 0, 10, default)).Select(record => record.SourceSeq).ShouldBe([2, 5]);
        (await log.ReadAsync("t", 1, 0, 10, default)).Select(record => record.SourceSeq).ShouldBe([1, 3, 4]);
        _topics.Consume(1).Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_a_stranger_wrote_is_passed_over_and_said()
    {
        var said = new LogLines<KafkaLog>();
        await using var log = await _topics.OpenAsync(said);
        await log.AppendAsync(Records(1, 2), default);
        await _topics.ProduceAsync(0, new Message<byte[], byte[]> { Value = "hello"u8.ToArray() });
        await log.AppendAsync(Records(3, 4), default);
        await ReadsOnceAsync(log, 4);
        said.At(LogLevel.Error).ShouldContain(line => line.Contains("t/0 holds something at Kafka offset 2"));
    }

    private static LogRecord[] Records(int from, int to) =>
        [.. Enumerable.Range(from, to - from + 1).Select(seq => KafkaTopics.Record("s", seq))];

    private static async Task ReadsOnceAsync(KafkaLog log, int head)
    {
        (await log.GetHeadAsync("t", 0, default)).ShouldBe(head);
        (await log.GetSourceHeadAsync("t", "s", default)).ShouldBe(head);
        var all = Enumerable.Range(1, head).Select(number => ((long)number, (long)number)).ToList();
        (await log.ReadAsync("t", 0, 0, 100, default))
            .Select(record => (record.Offset, record.SourceSeq)).ShouldBe(all);
        // From any place on, too.
        for (var after = 0; after <= head; after++)
            (await log.ReadAsync("t", 0, after, 100, default))
                .Select(record => (record.Offset, record.SourceSeq)).ShouldBe(all.Skip(after));
    }
}
