using System.Buffers.Binary;
using System.Security.Cryptography;
using Tideline.Kernel;

namespace Tideline.Audit;

/// <summary>
/// The hash of an unfinished block: SHA-256(previous hash ‖ number ‖ from ‖ through ‖ root of the events). Integers are
/// big-endian. The events are the leaves of a <see cref="MerkleTree"/>, so that one of them can be proved without the
/// others. An event contributes its sequence number, type, subject, version, time, length of data and data.
/// </summary>
internal sealed class BlockHash : IDisposable
{
    private readonly IncrementalHash _leaf = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<byte[]> _leaves = [];

    /// <summary>The leaves of the events added so far.</summary>
    public IReadOnlyList<byte[]> Leaves => _leaves;

    public void Add(LedgerEvent happened)
    {
        MerkleTree.BeginLeaf(_leaf);
        EventHash.Append(_leaf, happened);
        _leaves.Add(_leaf.GetHashAndReset());
    }

    /// <summary>The hash of the block with all events added so far; then starts a new block.</summary>
    public byte[] Seal(ReadOnlySpan<byte> previousHash, long number, long fromSeq, long throughSeq)
    {
        var root = MerkleTree.Root(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_leaves));
        _leaves.Clear();
        return Of(previousHash, number, fromSeq, throughSeq, root);
    }

    /// <summary>The hash of a block whose events have this root.</summary>
    public static byte[] Of(
        ReadOnlySpan<byte> previousHash, long number, long fromSeq, long throughSeq, ReadOnlySpan<byte> root)
    {
        Span<byte> links = stackalloc byte[24];
        BinaryPrimitives.WriteInt64BigEndian(links, number);
        BinaryPrimitives.WriteInt64BigEndian(links[8..], fromSeq);
        BinaryPrimitives.WriteInt64BigEndian(links[16..], throughSeq);
        return SHA256.HashData([.. previousHash, .. links, .. root]);
    }

    public void Dispose() => _leaf.Dispose();
}
