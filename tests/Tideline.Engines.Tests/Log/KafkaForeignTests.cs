using System.Text;
using Confluent.Kafka;
using Tideline.Engines.Log.Kafka;

namespace Tideline.Engines.Tests.Log;

/// <summary>Whatever another client does to a topic: it is passed over, counted and named, and nothing stands
/// still.</summary>
public sealed class KafkaForeignTests : IAsyncLifetime
{
    private readonly KafkaTopics _topics = new(RealEngine.Kafka);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _topics.DisposeAsync();

    [Fact]
    public async Task Nothing_that_another_client_writes_stops_a_reader_or_is_read()
    {
        await using var log = await _topics.OpenAsync();
        await log.AppendAsync([KafkaTopics.Record("s", 1)], default);
        // Somebody follows the end, on a thread of the log's own.
        await log.WaitAsync("t", 0, 1, TimeSpan.FromMilliseconds(1), default);
        var foreign = Foreign().ToList();
        foreach (var message in foreign) await _topics.ProduceAsync(0, message);
        await log.AppendAsync([KafkaTopics.Record("s", 2), KafkaTopics.Record("s", 3)], default);
        await ReadsAsync(log);
        var fault = log.Faults.ShouldHaveSingleItem();
        (fault.Topic, fault.Partition, fault.Foreign).ShouldBe(("t", 0, foreign.Count));
        fault.Sentence.ShouldContain($"{foreign.Count} messages that Tideline did not write");

        // A process that reads all of it at once, and one that has it from the state topic.
        await using var second = await _topics.OpenAsync();
        await ReadsAsync(second);
        second.Faults.ShouldHaveSingleItem().Foreign.ShouldBe(foreign.Count);

        // What is dropped is no fault any more.
        await second.CommitAsync("g", "t", 0, 3, default);
        (await second.TrimAsync(DateTimeOffset.UnixEpoch.AddYears(900), default)).ShouldBe(3);
        second.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_an_operator_deleted_is_no_fault_any_more_though_nobody_reads()
    {
        await using var log = await _topics.OpenAsync();
        await log.AppendAsync([KafkaTopics.Record("s", 1)], default);
        foreach (var message in Foreign()) await _topics.ProduceAsync(0, message);
        await log.AppendAsync([KafkaTopics.Record("s", 2)], default);
        (await log.GetHeadAsync("t", 0, default)).ShouldBe(2);
        log.Faults.ShouldHaveSingleItem();
        using (var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = _topics.Servers }).Build())
            await admin.DeleteRecordsAsync(
                [new TopicPartitionOffset(_topics.Prefix + "t", 0, Offset.End)]);
        for (var look = 0; look < 4 && log.Faults.Count > 0; look++)
            await Task.Delay(KafkaLimits.TopicLookMs, TestContext.Current.CancellationToken);
        log.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_clients_transactions_hide_nothing_and_hold_up_nobody()
    {
        await using var log = await _topics.OpenAsync();
        await log.AppendAsync([KafkaTopics.Record("s", 1)], default);
        using var other = new ProducerBuilder<byte[],
            byte[]>(new ProducerConfig { BootstrapServers = _topics.Servers, TransactionalId = _topics.Prefix })
                .Build();
        other.InitTransactions(TimeSpan.FromSeconds(30));
        other.BeginTransaction();
        await other.ProduceAsync(new TopicPartition(_topics.Prefix + "t", 0), new Message<byte[],
            byte[]>
        { Value = "x"u8.ToArray() });
        // While it is open.
        await log.AppendAsync([KafkaTopics.Record("s", 2)], default);
        (await log.GetHeadAsync("t", 0, default)).ShouldBe(2);
        (await log.ReadAsync("t", 0, 0, 10, default)).Select(record => record.SourceSeq).ShouldBe([1, 2]);
        // At its end stands a mark that no reader is given.
        other.CommitTransaction(TimeSpan.FromSeconds(30));
        await using var next = await _topics.OpenAsync();
        (await next.GetHeadAsync("t", 0, default)).ShouldBe(2);
        (await next.GetSourceHeadAsync("t", "s", default)).ShouldBe(2);
        await next.AppendAsync([KafkaTopics.Record("s", 3)], default);
        await ReadsAsync(next);
    }

    [Fact]
    public async Task What_another_client_writes_to_the_state_topic_is_not_believed()
    {
        await using (var log = await _topics.OpenAsync()) await log.AppendAsync(
            [KafkaTopics.Record("s", 1), KafkaTopics.Record("s", 2), KafkaTopics.Record("s", 3)], default);
        using (var producer = new ProducerBuilder<byte[],
            byte[]>(new ProducerConfig { BootstrapServers = _topics.Servers }).Build())
        {
            foreach (var text in new[] { """{"history":{"topic":"t","partition":0,"position":99}}""",
                """{"group":{}}""", "{", "null", "" })
            {
                await producer.ProduceAsync(
                    _topics.Prefix + StateTopic.Name, new Message<byte[],
                        byte[]>
                    { Key = "history/t/0"u8.ToArray(), Value = Encoding.UTF8.GetBytes(text) });
            }

            await producer.ProduceAsync(_topics.Prefix + StateTopic.Name, new Message<byte[],
                byte[]>
            { Key = "history/t/0"u8.ToArray() });
        }

        await using var next = await _topics.OpenAsync();
        await ReadsAsync(next);
    }

    [Fact]
    public async Task A_topic_that_was_deleted_is_named_with_what_heals_it()
    {
        await using (var log = await _topics.OpenAsync()) await DeleteAsync(log);

        // The restart. The relay asks how far the source is on the topic, and fills it from the ledger.
        await using (var next = await _topics.OpenAsync())
        {
            (await next.GetSourceHeadAsync("t", "s", default)).ShouldBe(0);
            (await next.GetCommittedAsync("g", "t", 0, default)).ShouldBe(0);
            await next.AppendAsync(
                [KafkaTopics.Record("s", 1), KafkaTopics.Record("s", 2), KafkaTopics.Record("s", 3)], default);
            await ReadsAsync(next);
            await next.CommitAsync("g", "t", 0, 3, default);
            await Task.Delay(2 * KafkaLimits.TopicLookMs, TestContext.Current.CancellationToken);
            next.Faults.ShouldBeEmpty();
        }

        await using var last = await _topics.OpenAsync();
        await ReadsAsync(last);
        (await last.GetCommittedAsync("g", "t", 0, default)).ShouldBe(3);
    }

    private async Task DeleteAsync(KafkaLog log)
    {
        await log.AppendAsync([KafkaTopics.Record("s", 1), KafkaTopics.Record("s", 2)], default);
        await log.CommitAsync("g", "t", 0, 2, default);
        using (var admin = _topics.Admin()) await admin.DeleteTopicsAsync([_topics.Prefix + "t"]);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!log.Faults.Any(fault => fault.Topic == "t" && fault.Partition is null)) await Task.Delay(
            50, late.Token);
        log.Faults.First(fault => fault.Partition is null).Sentence.ShouldBe(
            $"The topic {_topics.Prefix}t was deleted. "
                + "Restart every process of the installation: "
                + "the topic is made if it is not there, and filled from the ledger.");
    }

    private static async Task ReadsAsync(KafkaLog log)
    {
        (await log.GetHeadAsync("t", 0, default)).ShouldBe(3);
        (await log.GetSourceHeadAsync("t", "s", default)).ShouldBe(3);
        (await log.ReadAsync("t", 0, 0, 100, default)).Select(record => (record.Offset, record.SourceSeq))
            .ShouldBe([(1, 1), (2, 2), (3, 3)]);
    }

    // Everything that is not quite a record.
    internal static IEnumerable<Message<byte[], byte[]>> Foreign()
    {
        yield return new Message<byte[], byte[]>();
        yield return new Message<byte[], byte[]> { Value = "hello"u8.ToArray() };
        yield return new Message<byte[], byte[]> { Key = "hello"u8.ToArray(), Value = new byte[900_000] };
        foreach (var name in Sealed().Headers.Select(header => header.Key).ToList())
        {
            var (without, empty, odd) = (Sealed(), Sealed(), Sealed());
            without.Headers.Remove(name);
            yield return without;
            empty.Headers.Remove(name);
            empty.Headers.Add(name, null!);
            yield return empty;
            odd.Headers.Remove(name);
            odd.Headers.Add(name, [0xff, 0x00, 0xc3]);
            // What is not read may say anything.
            if (name != "content-type") yield return odd;
        }

        // Sequences that jump or repeat, another source, another content: without the secret nobody can seal them.
        foreach (var seq in new[] { 1L, 2, 3, 1_000_000, long.MaxValue }) yield return CloudEventHeaders.Write(
            KafkaTopics.Record("s", seq), new RecordStamp("s", seq, seq - 1, seq - 1),
                new RecordSeal("guessed"u8.ToArray(), KafkaTopics.Installation));
        // A true record, copied to a place that is not its own.
        yield return CloudEventHeaders.Write(
            KafkaTopics.Record("s", 2, partition: 1), new RecordStamp("s", 2, 1, 1), KafkaTopics.Seal);
    }

    private static Message<byte[], byte[]> Sealed() =>
        CloudEventHeaders.Write(KafkaTopics.Record("s", 2, partition: 1), new RecordStamp("s", 2, 0, 1),
            KafkaTopics.Seal);
}
