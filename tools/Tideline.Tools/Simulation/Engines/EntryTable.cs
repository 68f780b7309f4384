using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>The entries of a shard's accounts, each account's in the order of their versions.</summary>
internal sealed class EntryTable
{
    private readonly Dictionary<Guid, List<EntryRow>> _ofAccounts;

    public EntryTable() => _ofAccounts = [];

    private EntryTable(EntryTable other) =>
        _ofAccounts = other._ofAccounts.ToDictionary(pair => pair.Key, pair => new List<EntryRow>(pair.Value));

    /// <summary>All entries, each account's in the order of their versions.</summary>
    public IEnumerable<EntryRow> All => _ofAccounts.Values.SelectMany(rows => rows);

    /// <summary>The same entries, to be changed apart from these.</summary>
    public EntryTable Copy() => new(this);

    public EntryRow? Get(EntryKey key)
    {
        if (!_ofAccounts.TryGetValue(key.AccountId, out var rows)) return null;
        var at = CountBelow(rows, key.Version);
        return at < rows.Count && rows[at].Version == key.Version ? rows[at] : null;
    }

    /// <summary>Entries of an account with a version below one, newest first.</summary>
    public List<EntryRow> Before(Guid accountId, long version, int limit)
    {
        var found = new List<EntryRow>();
        if (!_ofAccounts.TryGetValue(accountId, out var rows)) return found;
        for (var at = CountBelow(rows, version) - 1; at >= 0 && found.Count < limit; at--) found.Add(rows[at]);
        return found;
    }

    /// <summary>The newest entry of an account at or before a time: times grow with versions.</summary>
    public EntryRow? At(Guid accountId, long timeUs)
    {
        if (!_ofAccounts.TryGetValue(accountId, out var rows)) return null;
        var (low, high) = (0, rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (rows[middle].TimeUs <= timeUs) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? null : rows[low - 1];
    }

    public void Add(EntryRow row)
    {
        if (!_ofAccounts.TryGetValue(row.AccountId, out var rows)) _ofAccounts.Add(row.AccountId, rows = []);
        rows.Insert(CountBelow(rows, row.Version), row);
    }

    /// <summary>Removes an entry as nobody may.</summary>
    public void Remove(EntryKey key)
    {
        if (_ofAccounts.TryGetValue(key.AccountId, out var rows)) rows.RemoveAll(row => row.Version == key.Version);
    }

    /// <summary>Replaces an entry as nobody may; nothing where there is none.</summary>
    public void Edit(EntryKey key, Func<EntryRow, EntryRow> edit)
    {
        if (Get(key) is not { } row) return;
        Remove(key);
        Add(edit(row));
    }

    private static int CountBelow(List<EntryRow> rows, long version)
    {
        // Nearly always the end.
        if (rows.Count == 0 || rows[^1].Version < version) return rows.Count;
        var (low, high) = (0, rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (rows[middle].Version < version) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
