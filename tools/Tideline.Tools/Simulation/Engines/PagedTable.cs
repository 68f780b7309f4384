using System.Diagnostics.CodeAnalysis;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>Rows by their keys, and in the order of their keys for whoever reads pages.</summary>
internal sealed class PagedTable<TKey, TRow>
    where TKey : notnull
{
    private readonly IComparer<TKey> _order;
    private readonly Dictionary<TKey, TRow> _rows;

    // Made when somebody asks for a page and dropped when a key comes or goes: commits, which are many, never sort.
    private TKey[]? _sorted;

    public PagedTable(IComparer<TKey> order) => (_order, _rows) = (order, []);

    private PagedTable(PagedTable<TKey, TRow> other) =>
        (_order, _rows, _sorted) = (other._order, new Dictionary<TKey, TRow>(other._rows), other._sorted);

    /// <summary>All rows, in the order of their keys.</summary>
    public IEnumerable<TRow> All => Sorted.Select(key => _rows[key]);

    private TKey[] Sorted => _sorted ??= [.. _rows.Keys.Order(_order)];

    /// <summary>The same rows, to be changed apart from these.</summary>
    public PagedTable<TKey, TRow> Copy() => new(this);

    public bool Contains(TKey key) => _rows.ContainsKey(key);

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TRow row) => _rows.TryGetValue(key, out row);

    /// <summary>Rows whose keys come after one, in order.</summary>
    public IEnumerable<TRow> After(TKey key)
    {
        var sorted = Sorted;
        var at = Array.BinarySearch(sorted, key, _order);
        for (at = at < 0 ? ~at : at + 1; at < sorted.Length; at++) yield return _rows[sorted[at]];
    }

    /// <summary>Inserts or replaces a row.</summary>
    public void Put(TKey key, TRow row)
    {
        if (!_rows.ContainsKey(key)) _sorted = null;
        _rows[key] = row;
    }

    public bool Remove(TKey key, [MaybeNullWhen(false)] out TRow row)
    {
        if (!_rows.Remove(key, out row)) return false;
        _sorted = null;
        return true;
    }
}
