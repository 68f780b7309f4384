using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tideline.Queries;

/// <summary>
/// A document with the proof of its freshness, as stored in the cache: a format byte, the first 16 bytes of the SHA-256
/// of all that follows, the time of <see cref="FreshnessProof.AsOfUs"/>, the number of shards, a position for each, the
/// length of the key and the key, then the document's JSON. Numbers are little-endian. The hash finds damage in the
/// memory of the cache, and the key an entry that stands elsewhere; neither stops a forger.
/// </summary>
internal readonly record struct CachedRead(FreshnessProof Horizon, ReadOnlyMemory<byte> Json)
{
    private const byte Format = 2;
    private const int StackCharacters = 256;
    private const int Hash = 16, Times = 1 + Hash, Shards = Times + sizeof(long), Head = Shards + sizeof(int);

    /// <summary>The bytes to store under a key.</summary>
    public byte[] ToBytes(string key)
    {
        var positions = Horizon.Positions;
        var keyAt = Head + positions.Length * sizeof(long);
        var keyBytes = Encoding.UTF8.GetByteCount(key);
        var bytes = new byte[keyAt + sizeof(int) + keyBytes + Json.Length];
        bytes[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Times), Horizon.AsOfUs);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Shards), positions.Length);
        for (var shard = 0; shard < positions.Length; shard++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head + shard * sizeof(long)), positions[shard]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(keyAt), keyBytes);
        Encoding.UTF8.GetBytes(key, bytes.AsSpan(keyAt + sizeof(int)));
        Json.Span.CopyTo(bytes.AsSpan(keyAt + sizeof(int) + keyBytes));
        HashOf(bytes, bytes.AsSpan(1, Hash));
        return bytes;
    }

    /// <summary>
    /// Returns null for what was not stored under the key as it stands there: another format, which a newer program may
    /// have written, damage, or the entry of another key. The caller treats it as a miss.
    /// </summary>
    public static CachedRead? Parse(string key, ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < Head || span[0] != Format) return null;
        Span<byte> hash = stackalloc byte[Hash];
        HashOf(span, hash);
        if (!hash.SequenceEqual(span.Slice(1, Hash))) return null;
        var shards = BinaryPrimitives.ReadInt32LittleEndian(span[Shards..]);
        var keyAt = Head + shards * sizeof(long);
        if (shards is < 1 or > Kernel.Limits.Shards || span.Length < keyAt + sizeof(int)) return null;
        var keyBytes = BinaryPrimitives.ReadInt32LittleEndian(span[keyAt..]);
        var jsonAt = keyAt + sizeof(int) + keyBytes;
        if (keyBytes != Encoding.UTF8.GetByteCount(key) || span.Length <= jsonAt
            || !IsKey(key, span[(keyAt + sizeof(int))..jsonAt])) return null;
        var positions = new long[shards];
        for (var shard = 0; shard < shards; shard++)
            positions[shard] = BinaryPrimitives.ReadInt64LittleEndian(span[(Head + shard * sizeof(long))..]);
        var asOfUs = BinaryPrimitives.ReadInt64LittleEndian(span[Times..]);
        return new CachedRead(new FreshnessProof(asOfUs, positions), bytes[jsonAt..]);
    }

    // As characters: UTF-8 has the same bytes for several strings that are no text.
    private static bool IsKey(string key, ReadOnlySpan<byte> bytes)
    {
        Span<char> found = key.Length <= StackCharacters ? stackalloc char[key.Length] : new char[key.Length];
        return Encoding.UTF8.TryGetChars(bytes, found, out var count) && found[..count].SequenceEqual(key);
    }

    private static void HashOf(ReadOnlySpan<byte> bytes, Span<byte> hash)
    {
        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[Times..], whole);
        whole[..Hash].CopyTo(hash);
    }
}
