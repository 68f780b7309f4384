using Confluent.Kafka;
using CsCheck;
using Tideline.Engines.Log.Kafka;

namespace Tideline.Engines.Tests.Log;

/// <summary>What is a record, and what only looks like one.</summary>
public sealed class RecordSealTests
{
    private static readonly RecordSeal Seal = new("secret"u8.ToArray(), KafkaTopics.Installation);

    [Fact]
    public void A_record_is_read_back_with_its_stamp_and_every_change_of_it_is_not()
    {
        var (record, stamp) = (KafkaTopics.Record("s", 7), new RecordStamp("s", 7, 3, 5));
        Read(CloudEventHeaders.Write(record, stamp, Seal), 0).ShouldNotBeNull().Stamp.ShouldBe(stamp);
        Read(CloudEventHeaders.Write(record, stamp, Seal), 1).ShouldBeNull();
        CloudEventHeaders.Read("other", 0, CloudEventHeaders.Write(record, stamp, Seal), Seal).ShouldBeNull();
        var other = new RecordSeal("other"u8.ToArray(), KafkaTopics.Installation);
        Read(CloudEventHeaders.Write(record, stamp, other), 0).ShouldBeNull();

        var value = CloudEventHeaders.Write(record, stamp, Seal);
        value.Value[0] ^= 1;
        Read(value, 0).ShouldBeNull();
        var key = CloudEventHeaders.Write(record, stamp, Seal);
        key.Key = null!;
        Read(key, 0).ShouldBeNull();
        var more = CloudEventHeaders.Write(record, stamp, Seal);
        more.Headers.Add("ce_sequence", "8"u8.ToArray());
        Read(more, 0).ShouldBeNull();
        // Tracing may add what is not read.
        var traced = CloudEventHeaders.Write(record, stamp, Seal);
        traced.Headers.Add("traceparent", null!);
        Read(traced, 0).ShouldNotBeNull();
    }

    [Fact]
    public void No_message_whatever_it_holds_is_more_than_passed_over() => Gen.Int.Sample(seed =>
    {
        var random = new Random(seed);
        string[] names = ["ce_source", "ce_type", "ce_time", "ce_sequence", "ce_subject", "ce_previous",
            RecordSeal.Header, "x"];
        var message = new Message<byte[], byte[]> { Key = Bytes(random)!, Value = Bytes(random)!, Headers = [] };
        for (var count = random.Next(12); count > 0; count--) message.Headers.Add(
            names[random.Next(names.Length)], Bytes(random)!);
        Read(message, 0).ShouldBeNull();
    });

    [Fact]
    public void A_message_without_headers_is_passed_over() =>
        Read(new Message<byte[], byte[]> { Headers = null! }, 0).ShouldBeNull();

    private static byte[]? Bytes(Random random)
    {
        if (random.Next(4) == 0) return null;
        var bytes = new byte[random.Next(40)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static (Tideline.Log.LogRecord Record, RecordStamp Stamp)? Read(
        Message<byte[], byte[]> message, int partition) => CloudEventHeaders.Read("t", partition, message, Seal);
}
