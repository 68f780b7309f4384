namespace Tideline.Tools.Simulation.Engines;

/// <summary>Rows that are numbered in the order in which they come.</summary>
internal sealed class SequenceTable<TRow>
    where TRow : class
{
    private readonly Func<TRow, long> _numberOf;
    private readonly List<TRow> _rows;

    public SequenceTable(Func<TRow, long> numberOf) => (_numberOf, _rows) = (numberOf, []);

    private SequenceTable(SequenceTable<TRow> other) => (_numberOf, _rows) = (other._numberOf, [.. other._rows]);

    /// <summary>The newest row; null without one.</summary>
    public TRow? Last => _rows.Count == 0 ? null : _rows[^1];

    /// <summary>The number of the newest row; 0 without one.</summary>
    public long LastNumber => Last is { } last ? _numberOf(last) : 0;

    /// <summary>The same rows, to be changed apart from these.</summary>
    public SequenceTable<TRow> Copy() => new(this);

    public void Add(TRow row) => _rows.Add(row);

    /// <summary>Up to <paramref name="limit"/> rows after a number, in order.</summary>
    public List<TRow> After(long number, int limit)
    {
        var first = IndexAfter(number);
        return _rows.GetRange(first, Math.Min(limit, _rows.Count - first));
    }

    /// <summary>Drops the rows up to a number.</summary>
    public void ForgetThrough(long number) => _rows.RemoveRange(0, IndexAfter(number));

    /// <summary>Replaces a row as nobody may; nothing where there is none.</summary>
    public void Edit(long number, Func<TRow, TRow> edit)
    {
        var at = IndexAfter(number) - 1;
        if (at >= 0 && _numberOf(_rows[at]) == number) _rows[at] = edit(_rows[at]);
    }

    /// <summary>Removes a row as nobody may; nothing where there is none.</summary>
    public void Remove(long number)
    {
        var at = IndexAfter(number) - 1;
        if (at >= 0 && _numberOf(_rows[at]) == number) _rows.RemoveAt(at);
    }

    private int IndexAfter(long number)
    {
        var (low, high) = (0, _rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_numberOf(_rows[middle]) <= number) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
