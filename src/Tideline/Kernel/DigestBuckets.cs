using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Tideline.Kernel;

/// <summary>Digests by the hash of a document's key, so that a difference leads to a part of the documents.</summary>
public sealed class DigestBuckets
{
    /// <summary>How many there are. Part of what is stored: another number would need other names.</summary>
    public const int Buckets = 64;

    private const int BucketBytes = 24;
    private readonly Digest[] _digests = new Digest[Buckets];

    /// <summary>The length of <see cref="ToBytes"/>.</summary>
    public const int Bytes = Buckets * BucketBytes;

    /// <summary>The bucket of a document's key.</summary>
    public static int BucketOf(ReadOnlySpan<char> key) =>
        (int)(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key)) % Buckets);

    /// <summary>The digest of a bucket.</summary>
    public Digest this[int bucket] => _digests[bucket];

    /// <summary>The digest of everything.</summary>
    public Digest Total => _digests.Aggregate(default(Digest), (sum, each) => sum + each);

    /// <summary>Adds to a bucket.</summary>
    public void Add(int bucket, Digest more) => _digests[bucket] += more;

    /// <summary>Adds the buckets of others.</summary>
    public void Add(DigestBuckets others)
    {
        for (var at = 0; at < Buckets; at++) _digests[at] += others._digests[at];
    }

    /// <summary>The buckets in which they differ.</summary>
    public IReadOnlyList<int> Differences(DigestBuckets others) =>
        [.. Enumerable.Range(0, Buckets).Where(at => _digests[at] != others._digests[at])];

    /// <summary>A copy.</summary>
    public DigestBuckets Copy()
    {
        var copy = new DigestBuckets();
        copy.Add(this);
        return copy;
    }

    /// <summary>Bucket by bucket: number, versions and sum, 8 bytes each, big-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        for (var at = 0; at < Buckets; at++)
        {
            var span = bytes.AsSpan(at * BucketBytes);
            BinaryPrimitives.WriteInt64BigEndian(span, _digests[at].Count);
            BinaryPrimitives.WriteInt64BigEndian(span[8..], _digests[at].Versions);
            BinaryPrimitives.WriteUInt64BigEndian(span[16..], _digests[at].Sum);
        }

        return bytes;
    }

    /// <summary>The buckets of <see cref="ToBytes"/>; null where the bytes are none.</summary>
    public static DigestBuckets? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes) return null;
        var read = new DigestBuckets();
        for (var at = 0; at < Buckets; at++)
        {
            var span = bytes[(at * BucketBytes)..];
            read._digests[at] = new Digest(
                BinaryPrimitives.ReadInt64BigEndian(span), BinaryPrimitives.ReadInt64BigEndian(span[8..]),
                BinaryPrimitives.ReadUInt64BigEndian(span[16..]));
        }

        return read;
    }
}
