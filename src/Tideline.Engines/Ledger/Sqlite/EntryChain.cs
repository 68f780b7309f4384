using System.Numerics;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// How the entries of an account are linked, so that they need no index: each entry holds the row of the one before it
/// and of one further back, its jump. The jumps are those of E. W. Myers, "An applicative random-access stack" (1983):
/// entry v is the root of a complete binary tree of entries, the newest of them, and jumps to the entry before that
/// tree. Which one that is follows from v alone. So any entry is found from any later one in O(log n) steps, and every
/// step knows which version it must meet.
/// </summary>
internal static class EntryChain
{
    /// <summary>Most rows that an account keeps: no version has more trees.</summary>
    public const int MostRows = 64;

    /// <summary>The version that an entry jumps to, at least one back; 0 when nothing is before its tree.</summary>
    public static long JumpOf(long version) => version - TreeSize(version);

    /// <summary>
    /// Entries of the tree whose root is a version: the last part when the version is taken apart into numbers 2ᵏ − 1,
    /// the largest first.
    /// </summary>
    public static long TreeSize(long version)
    {
        var (rest, size) = (version, 0L);
        while (rest > 0)
        {
            size = (long)((1UL << BitOperations.Log2((ulong)rest + 1)) - 1);
            rest -= size;
        }

        return size;
    }
}
