using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Entries of an account, on a reading connection. Versions have no gaps, so those that the file's index does not hold yet are the ones after its newest.
/// Each statement sees the last commit: in an older snapshot, keys that have just left memory would be found in neither place.
/// </summary>
internal sealed class EntryReader(SqliteDatabase database, TailIndex<EntryKey> tail, Guid accountId)
{
    private const string Columns = "e.account_id, e.version, e.transaction_id, e.amount, e.posted_after, e.time_us";

    /// <summary>Entries with a version below one, newest first.</summary>
    public List<EntryRow> Before(long version, int limit, CancellationToken cancel)
    {
        var rows = new List<EntryRow>();
        var next = Math.Min(version - 1, Newest());
        while (next > 0 && rows.Count < limit && tail.TryFind(new EntryKey(accountId, next), out var row) && AtRow(row, next) is { } entry)
        {
            cancel.ThrowIfCancellationRequested();
            rows.Add(entry);
            next--;
        }

        if (next < 1 || rows.Count >= limit) return rows;
        var query = database.Prepare($"SELECT {Columns} FROM entry_index i JOIN entries e ON e.row = i.row AND e.version = i.version AND e.account_id = i.account_id WHERE i.account_id = ? AND i.version <= ? ORDER BY i.version DESC LIMIT ?")
            .Bind(accountId).Bind(next).Bind(limit - rows.Count);
        try
        {
            while (query.Step())
            {
                cancel.ThrowIfCancellationRequested();
                rows.Add(LedgerRows.Entry(query));
            }

            return rows;
        }
        finally
        {
            query.Reset();
        }
    }

    /// <summary>The newest entry at or before a time, by halving: versions have no gaps and times never go back, so no index on time is kept.</summary>
    public EntryRow? At(long timeUs)
    {
        var (below, above) = (0L, Newest() + 1);
        // Invariant: entry `below` is at or before the time (0: none is), entry `above` is after it (or does not exist).
        EntryRow? found = null;
        while (above - below > 1)
        {
            var middle = below + (above - below) / 2;
            var entry = Read(middle);
            if (entry is { } there && there.TimeUs <= timeUs) (below, found) = (middle, entry);
            else above = middle;
        }

        return found;
    }

    private EntryRow? Read(long version)
    {
        if (tail.TryFind(new EntryKey(accountId, version), out var row)) return AtRow(row, version);
        var query = database.Prepare("SELECT row FROM entry_index WHERE account_id = ? AND version = ?").Bind(accountId).Bind(version);
        var indexed = query.Step() ? query.Long(0) : 0;
        query.Reset();
        return indexed == 0 ? null : AtRow(indexed, version);
    }

    // A damaged file may hold another entry there.
    private EntryRow? AtRow(long row, long version)
    {
        var query = database.Prepare($"SELECT {Columns} FROM entries e WHERE e.row = ?").Bind(row);
        EntryRow? entry = query.Step() ? LedgerRows.Entry(query) : null;
        query.Reset();
        return entry is { } there && there.AccountId == accountId && there.Version == version ? there : null;
    }

    private long Newest()
    {
        var query = database.Prepare("SELECT max(version) FROM entry_index WHERE account_id = ?").Bind(accountId);
        var below = query.Step() ? query.Long(0) : 0;
        query.Reset();
        var step = 1L;
        while (tail.TryFind(new EntryKey(accountId, below + step), out _))
        {
            below += step;
            step *= 2;
        }

        // Entry `below` exists, entry `below + step` does not.
        for (step /= 2; step > 0; step /= 2)
        {
            if (tail.TryFind(new EntryKey(accountId, below + step), out _)) below += step;
        }

        return below;
    }
}
