using System.Buffers.Binary;

namespace Tideline.Kernel;

/// <summary>
/// The shard of an id: a hash of the id, so that any process can compute it. It is stored with the data and never
/// changes.
/// </summary>
public readonly record struct ShardMap(int Shards)
{
    /// <summary>
    /// Default shards of new data: one for every two processors, at least 1 and at most 16. A shard's writer keeps one
    /// processor busy, and the work that follows it the other (docs/decisions/0008).
    /// </summary>
    public static int DefaultShards => Math.Clamp(Environment.ProcessorCount / 2, 1, 16);

    /// <summary>The shard of an id, 0 to <see cref="Shards"/> − 1.</summary>
    public int ShardOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        unchecked
        {
            // The finalizer of MurmurHash3 over both halves; hashing the time bits alone would put ids of the same time
            // on one shard.
            var hash = BinaryPrimitives.ReadUInt64BigEndian(
                bytes) ^ (BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) * 0x9E3779B97F4A7C15);
            hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
            hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
            hash ^= hash >> 33;
            return (int)(hash % (ulong)Shards);
        }
    }

    /// <summary>A new id that lives on <paramref name="shard"/>.</summary>
    public Guid NextOn(int shard, IdGenerator ids)
    {
        var id = ids.Next();
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        // Count up the last random bits: cheaper than new random bits for each try.
        for (var tail = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]); ShardOf(id) != shard;)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], unchecked(++tail));
            id = new Guid(bytes, bigEndian: true);
        }

        return id;
    }
}
