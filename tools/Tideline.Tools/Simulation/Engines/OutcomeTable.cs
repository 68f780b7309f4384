using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>The outcomes of a shard by their keys, and in the order in which they were written.</summary>
internal sealed class OutcomeTable
{
    private readonly Dictionary<Guid, OutcomeRow> _rows;
    private readonly List<Guid> _written;

    public OutcomeTable() => (_rows, _written) = ([], []);

    private OutcomeTable(OutcomeTable other) => (_rows, _written) = (new(other._rows), [.. other._written]);

    /// <summary>The same outcomes, to be changed apart from these.</summary>
    public OutcomeTable Copy() => new(this);

    public bool Contains(Guid key) => _rows.ContainsKey(key);

    public OutcomeRow? Get(Guid key) => _rows.GetValueOrDefault(key);

    /// <summary>The newest outcomes, newest first.</summary>
    public List<OutcomeRow> Newest(int limit)
    {
        var found = new List<OutcomeRow>();
        for (var at = _written.Count - 1; at >= 0 && found.Count < limit; at--) found.Add(_rows[_written[at]]);
        return found;
    }

    public void Add(OutcomeRow row)
    {
        _rows.Add(row.Key, row);
        _written.Add(row.Key);
    }

    /// <summary>Replaces an outcome as nobody may; nothing where there is none.</summary>
    public void Edit(Guid key, Func<OutcomeRow, OutcomeRow> edit)
    {
        if (_rows.TryGetValue(key, out var row)) _rows[key] = edit(row);
    }

    /// <summary>Removes an outcome as nobody may.</summary>
    public void Remove(Guid key)
    {
        if (_rows.Remove(key)) _written.Remove(key);
    }
}
