using System.Text;
using Confluent.Kafka.Admin;
using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Log;

/// <summary>Topics and records as others find them on Kafka.</summary>
public sealed class KafkaTopicTests : IAsyncLifetime
{
    private readonly KafkaTopics _topics = new(RealEngine.Kafka);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _topics.DisposeAsync();

    [Fact]
    public async Task A_topic_is_made_so_that_only_Tideline_drops_records()
    {
        await using var log = await KafkaLog.OpenAsync(_topics.Options with
        {
            Partitions = 3,
            ReplicationFactor = 1,
            MinInSyncReplicas = 1
        }, TimeProvider.System, new LogLines<KafkaLog>(), default);
        (await log.GetHeadAsync("t", 2, default)).ShouldBe(0);
        using var admin = _topics.Admin();
        admin.GetMetadata(_topics.Prefix + "t", TimeSpan.FromSeconds(30)).Topics.Single().Partitions.Count.ShouldBe(3);
        var described = await admin.DescribeConfigsAsync(
            [new ConfigResource { Type = ResourceType.Topic, Name = _topics.Prefix + "t" }]);
        var settings = described.Single().Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Value);
        (settings["cleanup.policy"], settings["retention.ms"],
            settings["retention.bytes"], settings["unclean.leader.election.enable"], settings["min.insync.replicas"])
            .ShouldBe(("delete", "-1", "-1", "false", "1"));
        await IsAsync(ErrorCode.InvalidInput, async () => await log.GetHeadAsync("t", 3, default));
    }

    [Theory]
    [InlineData(1, "-1", "has 1 partitions, but 2 shards")]
    [InlineData(2, "604800000", "retention.ms=604800000")]
    public async Task A_topic_that_cannot_hold_the_log_is_refused(int partitions, string retentionMs, string reason)
    {
        using (var admin = _topics.Admin())
            await admin.CreateTopicsAsync([new TopicSpecification
            {
                Name = _topics.Prefix
                    + "t", NumPartitions = partitions, Configs = new() { ["retention.ms"] = retentionMs }
            }]);
        await using var log = await _topics.OpenAsync();
        (await IsAsync(ErrorCode.IncompatibleData,
            async () => await log.AppendAsync([KafkaTopics.Record("s", 1)], default))).ShouldContain(reason);
    }

    [Fact]
    public async Task What_is_too_large_is_refused_and_harms_nothing()
    {
        await using var log = await _topics.OpenAsync();
        var large = KafkaTopics.Record("s", 2) with { Data = new byte[KafkaLimits.RecordBytes + 1] };
        await IsAsync(
            ErrorCode.InvalidInput, async () => await log.AppendAsync([KafkaTopics.Record("s", 1), large], default));
        (await log.GetHeadAsync("t", 0, default)).ShouldBe(0);
        var largest = KafkaTopics.Record("s", 2) with { Data = RandomBytes(KafkaLimits.RecordBytes) };
        await log.AppendAsync([KafkaTopics.Record("s", 1), largest, largest with { SourceSeq = 3 }], default);
        (await log.ReadAsync("t", 0, 1, 10, default))
            .Select(record => record.Data.Length).ShouldBe([KafkaLimits.RecordBytes, KafkaLimits.RecordBytes]);
    }

    [Fact]
    public async Task A_record_is_a_CloudEvent_in_binary_mode()
    {
        await using var log = await _topics.OpenAsync();
        var (customer, account) =
            (new Guid("00000000-0000-7000-8000-00000000000a"), new Guid("00000000-0000-7000-8000-0000000000a1"));
        var record = KafkaTopics.Record("shard-0", 1) with
        {
            Key = customer,
            Subject = account,
            Type = "ACCOUNT_DEBITED",
            Version = 9,
            TimeUs = 1_795_435_200_123_456,
            Data = "{\"a\":1}"u8.ToArray()
        };
        await log.AppendAsync(
            [record, record with { SourceSeq = 2, Partition = 1 }, record with { SourceSeq = 3 }], default);

        var message = _topics.Consume(0)[0].Message;
        Encoding.UTF8.GetString(message.Key).ShouldBe("00000000-0000-7000-8000-00000000000a");
        Encoding.UTF8.GetString(message.Value).ShouldBe("{\"a\":1}");
        message.Timestamp.UnixTimestampMs.ShouldBe(1_795_435_200_123);
        Headers(message).ShouldBe(
        [
            "ce_specversion=1.0", "ce_id=1", "ce_source=/tideline/11111111-0000-4000-8000-000000000001/shard-0@1",
            "ce_type=ACCOUNT_DEBITED", "ce_time=2026-11-23T12:00:00.123456Z", "content-type=application/json",
            "ce_sequence=0000000000000000001", "ce_subject=00000000-0000-7000-8000-0000000000a1", "ce_version=9",
        ]);
        message.Headers[^1].Key.ShouldBe(RecordSeal.Header);
        // Those after it of the same append tell what was on the log before them, where that is not the sequence
        // before.
        Headers(_topics.Consume(1)[0].Message).TakeLast(2).ShouldBe(["ce_previous=0", "ce_follows=0"]);
        Headers(_topics.Consume(0)[1].Message).TakeLast(2).ShouldBe(["ce_previous=1", "ce_follows=1"]);
    }

    [Fact]
    public async Task Options_that_cannot_work_are_refused()
    {
        foreach (var options in new[]
        {
            _topics.Options with { BootstrapServers = " " }, _topics.Options with { Partitions = 0 }, _topics.Options
                with { TopicPrefix = "a/b" }, _topics.Options with { ReplicationFactor = 1, MinInSyncReplicas = 2 }
        })
            await IsAsync(ErrorCode.InvalidInput,
                () => KafkaLog.OpenAsync(options, TimeProvider.System, new LogLines<KafkaLog>(), default));
    }

    private static IEnumerable<string> Headers(Confluent.Kafka.Message<byte[], byte[]> message) => message.Headers
        .Where(header => header.Key != RecordSeal.Header)
            .Select(header => $"{header.Key}={Encoding.UTF8.GetString(header.GetValueBytes())}");

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static async Task<string> IsAsync(ErrorCode code, Func<Task> call)
    {
        var fault = await Should.ThrowAsync<TidelineException>(call);
        fault.Code.ShouldBe(code);
        return fault.Message;
    }
}
