using System.Security.Cryptography;

namespace Tideline.Audit;

/// <summary>
/// The Merkle tree of RFC 6962, section 2.1: a leaf is hashed with the prefix 0, a node with 1, and a list of n is
/// split at the largest power of two below n.
/// </summary>
internal static class MerkleTree
{
    private const byte LeafPrefix = 0, NodePrefix = 1;

    /// <summary>Begins the hash of a leaf; the caller adds its bytes.</summary>
    public static void BeginLeaf(IncrementalHash hash) => hash.AppendData([LeafPrefix]);

    /// <summary>The root over leaves.</summary>
    public static byte[] Root(ReadOnlySpan<byte[]> leaves) => leaves.Length switch
    {
        0 => SHA256.HashData([]),
        1 => leaves[0],
        var length => Node(Root(leaves[..Split(length)]), Root(leaves[Split(length)..])),
    };

    /// <summary>What is needed beside a leaf to compute the root, from the leaf up.</summary>
    public static IReadOnlyList<byte[]> Path(ReadOnlySpan<byte[]> leaves, int index)
    {
        if (leaves.Length <= 1) return [];
        var split = Split(leaves.Length);
        return index < split
            ? [.. Path(leaves[..split], index), Root(leaves[split..])]
            : [.. Path(leaves[split..], index - split), Root(leaves[..split])];
    }

    /// <summary>
    /// The root that a leaf and its path give; null if the path does not have the length of one in a tree of this size.
    /// </summary>
    public static byte[]? RootOf(byte[] leaf, long index, long size, IReadOnlyList<byte[]> path)
    {
        if (index < 0 || index >= size) return null;
        var (node, last, root) = (index, size - 1, leaf);
        foreach (var other in path)
        {
            if (last == 0) return null;
            if ((node & 1) == 1 || node == last)
            {
                root = Node(other, root);
                while ((node & 1) == 0 && node != 0) (node, last) = (node >> 1, last >> 1);
            }
            else
            {
                root = Node(root, other);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 ? root : null;
    }

    private static byte[] Node(byte[] left, byte[] right) => SHA256.HashData([NodePrefix, .. left, .. right]);

    private static int Split(int length) => 1 << (31 - int.LeadingZeroCount(length - 1));
}
