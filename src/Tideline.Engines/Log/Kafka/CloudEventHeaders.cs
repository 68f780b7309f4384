using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// A record as a Kafka message: CloudEvents 1.0 in binary mode. The value is the data, the attributes are headers, the
/// key is the record's key as text. docs/reference/topics.md describes every header. Only where they are not the
/// sequence before there are <c>previous</c> and <c>follows</c>, see <see cref="RecordStamp"/>; only where it is not 0
/// there is <c>after</c>, see <see cref="SourceName.After"/>. A record that carries
/// <see cref="LogRecord.PreviousSeq"/> says so in <c>previoussequence</c>. The last header is the seal: see
/// <see cref="RecordSeal"/>.
/// </summary>
internal static class CloudEventHeaders
{
    /// <summary>What the names of attributes begin with.</summary>
    public const string Prefix = "ce_";

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
    private static readonly byte[] SpecVersion = "1.0"u8.ToArray();
    private static readonly byte[] Json = "application/json"u8.ToArray();

    public static Message<byte[], byte[]> Write(LogRecord record, RecordStamp stamp, RecordSeal seal)
    {
        var (source, after) = seal.Publish(record.Source);
        var headers = new Headers
        {
            { "ce_specversion", SpecVersion },
            { "ce_id", Bytes(PublishedSources.IdOf(record.SourceSeq)) },
            { "ce_source", source },
            { "ce_type", Bytes(record.Type) },
            { "ce_time", Bytes(Clock.FromUs(record.TimeUs).ToString(TimeFormat, CultureInfo.InvariantCulture)) },
            { "content-type", Json },
            { "ce_sequence", Bytes(record.SourceSeq.ToString("D19", CultureInfo.InvariantCulture)) },
        };
        if (record.Subject != Guid.Empty) headers.Add("ce_subject", Bytes(record.Subject.ToString()));
        if (record.Version != 0) headers.Add("ce_version", Number(record.Version));
        if (stamp.Previous != stamp.Seq - 1) headers.Add("ce_previous", Number(stamp.Previous));
        if (stamp.Follows != stamp.Seq - 1) headers.Add("ce_follows", Number(stamp.Follows));
        if (record.PreviousSeq is { } before) headers.Add("ce_previoussequence", Number(before));
        if (after is not null) headers.Add("ce_after", after);
        var message = new Message<byte[], byte[]>
        {
            Key = record.Key == Guid.Empty ? null! : Bytes(record.Key.ToString()),
            Value = record.Data.ToArray(),
            Headers = headers,
            Timestamp = new Timestamp(record.TimeUs / 1_000, TimestampType.CreateTime),
        };
        seal.Sign(record.Topic, record.Partition, message);
        return message;
    }

    /// <summary>Reads a message back; null when Tideline did not write it.</summary>
    /// <returns>The record with offset 0, and its stamp.</returns>
    public static (LogRecord Record, RecordStamp Stamp)? Read(
        string topic, int partition, Message<byte[], byte[]> message, RecordSeal seal)
    {
        if (!seal.IsOurs(topic, partition, message)) return null;
        var (key, subject) = (Guid.Empty, Guid.Empty);
        var (seq, version, previous, follows, timeUs, after) = (0L, 0L, -1L, -1L, -1L, 0L);
        long? before = null;
        string? published = null, type = null;
        foreach (var header in message.Headers)
        {
            // Kafka allows a header without a value; none of ours is.
            if (header.GetValueBytes() is not { } value) continue;
            switch (header.Key)
            {
                case "ce_source": published = Encoding.UTF8.GetString(value); break;
                case "ce_type": type = Encoding.UTF8.GetString(value); break;
                case "ce_time": timeUs = TimeOf(value); break;
                case "ce_sequence": seq = NumberOf(value); break;
                case "ce_subject" when !IsId(value, out subject): return null;
                case "ce_version": version = NumberOf(value); break;
                case "ce_previous": previous = NumberOf(value); break;
                case "ce_follows": follows = NumberOf(value); break;
                case "ce_previoussequence": before = NumberOf(value); break;
                case "ce_after": after = NumberOf(value); break;
            }
        }

        var source = published is null || after < 0 ? null : seal.NameOf(published, after);
        if (source is null || type is null || seq < 1 || version < 0 || timeUs < 0 || before < 0
            || message.Value is null || (message.Key is not null && !IsId(message.Key, out key))) return null;
        var stamp = new RecordStamp(source, seq, previous < 0 ? seq - 1 : previous, follows < 0 ? seq - 1 : follows);
        var record = new LogRecord(
            topic, partition, 0, source, seq, key, type, subject, version, timeUs, message.Value)
        { PreviousSeq = before };
        return (record, stamp);
    }

    private static long TimeOf(byte[] value) =>
        DateTimeOffset.TryParseExact(Encoding.UTF8.GetString(value),
            TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUs() : -1;

    private static bool IsId(byte[] value, out Guid id) => Utf8Parser.TryParse(value, out id, out var length)
        && length == value.Length;

    private static long NumberOf(byte[] value) => Utf8Parser.TryParse(value, out long number, out var length)
        && length == value.Length ? number : -1;

    private static byte[] Number(long value) => Bytes(value.ToString(CultureInfo.InvariantCulture));

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
