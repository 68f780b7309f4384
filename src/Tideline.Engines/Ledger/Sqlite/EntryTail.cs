using System.Buffers.Binary;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Where an account's newest entry is, and the entries that later ones will jump to: the row of the newest, of the one
/// it jumps to, and so on, newest last. Appending needs no more, so no older entry is read for it. The account's row
/// holds it as a blob, 8 bytes a row.
/// </summary>
internal sealed class EntryTail
{
    /// <summary>What an account says of its entries, and how many it counts.</summary>
    public const string Sql =
        "SELECT coalesce((SELECT entry_rows FROM accounts WHERE account_id = ?1), " +
        "(SELECT entry_rows FROM stray_entries WHERE account_id = ?1)), " +
        "(SELECT entry_version FROM accounts WHERE account_id = ?1)";

    /// <summary>Bytes of the longest tail.</summary>
    public const int MostBytes = EntryChain.MostRows * RowBytes;

    private const int RowBytes = 8;
    private long[] _rows;
    private int _count;

    /// <exception cref="TidelineException">Corrupt: not a blob of rows.</exception>
    public EntryTail(ReadOnlySpan<byte> packed)
    {
        RequireWhole(packed);
        _count = packed.Length / RowBytes;
        _rows = new long[_count + 2];
        for (var at = 0; at < _count; at++) _rows[at] = BinaryPrimitives.ReadInt64BigEndian(packed[(at * RowBytes)..]);
    }

    /// <summary>Whether an entry was appended since the tail was read.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>The newest entry's row; 0 when there is none.</summary>
    /// <exception cref="TidelineException">Corrupt: not a blob of rows.</exception>
    public static long Newest(ReadOnlySpan<byte> packed)
    {
        RequireWhole(packed);
        return packed.IsEmpty ? 0 : BinaryPrimitives.ReadInt64BigEndian(packed[^RowBytes..]);
    }

    /// <summary>Appends an entry, and gives the rows that it has to know; 0 for none.</summary>
    public (long Previous, long Jump) Append(long version, long row)
    {
        var previous = Top;
        // Two trees of one size, and the entry above them, are the next larger tree.
        if (EntryChain.TreeSize(version) > 1) _count = Math.Max(0, _count - 2);
        var jump = Top;
        if (_count == _rows.Length) Array.Resize(ref _rows, _count * 2);
        _rows[_count++] = row;
        IsChanged = true;
        return (previous, jump);
    }

    /// <summary>Packs the rows into <paramref name="target"/>.</summary>
    /// <returns>The part that was filled.</returns>
    public ReadOnlySpan<byte> Pack(Span<byte> target)
    {
        for (var at = 0; at < _count; at++) BinaryPrimitives.WriteInt64BigEndian(target[(at * RowBytes)..], _rows[at]);
        return target[..(_count * RowBytes)];
    }

    private long Top => _count == 0 ? 0 : _rows[_count - 1];

    private static void RequireWhole(ReadOnlySpan<byte> packed)
    {
        if (packed.Length % RowBytes != 0 || packed.Length > MostBytes)
            throw new TidelineException(ErrorCode.Corrupt, "An account has no link to its entries.");
    }
}
