using System.Buffers.Binary;

namespace Tideline.Queries;

/// <summary>
/// A document with the proof of its freshness, as stored in the cache: a format byte, the time of
/// <see cref="FreshnessProof.AsOfUs"/>, the number of shards, a position for each, then the document's JSON. Numbers
/// are little-endian.
/// </summary>
internal readonly record struct CachedRead(FreshnessProof Horizon, ReadOnlyMemory<byte> Json)
{
    private const byte Format = 1;
    private const int Head = 1 + sizeof(long) + sizeof(int);

    public byte[] ToBytes()
    {
        var positions = Horizon.Positions;
        var bytes = new byte[Head + positions.Length * sizeof(long) + Json.Length];
        bytes[0] = Format;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Horizon.AsOfUs);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1 + sizeof(long)), positions.Length);
        for (var shard = 0; shard < positions.Length; shard++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Head + shard * sizeof(long)), positions[shard]);
        Json.Span.CopyTo(bytes.AsSpan(Head + positions.Length * sizeof(long)));
        return bytes;
    }

    /// <summary>
    /// Returns null for another format, which a newer program may have written; the caller treats it as a miss.
    /// </summary>
    public static CachedRead? Parse(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < Head || span[0] != Format) return null;
        var shards = BinaryPrimitives.ReadInt32LittleEndian(span[(1 + sizeof(long))..]);
        if (shards is < 1 or > Kernel.Limits.Shards || span.Length <= Head + shards * sizeof(long)) return null;
        var positions = new long[shards];
        for (var shard = 0; shard < shards; shard++)
            positions[shard] = BinaryPrimitives.ReadInt64LittleEndian(span[(Head + shard * sizeof(long))..]);
        return new CachedRead(new FreshnessProof(BinaryPrimitives.ReadInt64LittleEndian(span[1..]), positions),
            bytes[(Head + shards * sizeof(long))..]);
    }
}
