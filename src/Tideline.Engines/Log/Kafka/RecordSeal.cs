using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Confluent.Kafka;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Tells records of this installation from those of other clients: an HMAC over everything that is read of a message,
/// with a secret that only the ledger holds. A message without a valid seal is never a record, whatever it claims
/// (docs/decisions/0024). The installation's id, which stands in every source, says the same to people.
/// </summary>
internal sealed class RecordSeal(ReadOnlyMemory<byte> secret, Guid installation)
{
    // A process has a few sources, each of many records. Bounded, because what others wrote is read too.
    private const int KeptSources = 4_096;
    private readonly PublishedSources _sources = new(installation);
    private readonly ConcurrentDictionary<string, (byte[] Source, byte[]? After)> _published =
        new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string, long), string> _names = new();

    /// <summary>The header that carries the seal.</summary>
    public const string Header = "tideline-seal";

    /// <summary>Adds the seal to a message that is otherwise complete.</summary>
    public void Sign(string topic, int partition, Message<byte[], byte[]> message) =>
        message.Headers.Add(Header, Of(topic, partition, message));

    /// <summary>Whether this installation wrote the message, and for this partition.</summary>
    public bool IsOurs(string topic, int partition, Message<byte[], byte[]> message)
    {
        if (message.Headers is null || !message.Headers.TryGetLastBytes(Header, out var seal)
            || seal is null) return false;
        return CryptographicOperations.FixedTimeEquals(seal, Of(topic, partition, message));
    }

    /// <summary>
    /// The published source of a source's name, and the number that its first record follows; null: none.
    /// </summary>
    public (byte[] Source, byte[]? After) Publish(string source)
    {
        if (_published.TryGetValue(source, out var published)) return published;
        var after = SourceName.AfterOf(source);
        published = (Encoding.UTF8.GetBytes(_sources.Of(source)),
            after == 0 ? null : Encoding.UTF8.GetBytes(after.ToString(CultureInfo.InvariantCulture)));
        if (_published.Count < KeptSources) _published[source] = published;
        return published;
    }

    /// <summary>The name of a published source; null when it is not this installation's.</summary>
    public string? NameOf(string published, long after)
    {
        if (_names.TryGetValue((published, after), out var name)) return name;
        name = _sources.NameOf(published, after);
        if (name is not null && _names.Count < KeptSources) _names[(published, after)] = name;
        return name;
    }

    private byte[] Of(string topic, int partition, Message<byte[], byte[]> message)
    {
        var text = new ArrayBufferWriter<byte>(1_024 + (message.Value?.Length ?? 0));
        Add(text, Encoding.UTF8.GetBytes(topic));
        Add(text, partition);
        foreach (var header in message.Headers)
        {
            // Other headers are not read; tracing may add some on the way.
            if (!header.Key.StartsWith(CloudEventHeaders.Prefix, StringComparison.Ordinal)) continue;
            Add(text, Encoding.UTF8.GetBytes(header.Key));
            Add(text, header.GetValueBytes());
        }

        Add(text, message.Key);
        Add(text, message.Value);
        return HMACSHA256.HashData(secret.Span, text.WrittenSpan);
    }

    // Lengths stand before the parts, so that no two messages make one text.
    private static void Add(ArrayBufferWriter<byte> text, byte[]? part)
    {
        Add(text, part?.Length ?? -1);
        text.Write(part);
    }

    private static void Add(ArrayBufferWriter<byte> text, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(text.GetSpan(sizeof(int)), number);
        text.Advance(sizeof(int));
    }
}
