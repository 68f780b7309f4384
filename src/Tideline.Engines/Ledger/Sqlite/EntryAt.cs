using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Finds the newest entry at or before a time by halving: versions have no gaps and times never go back, so no index on time is kept.</summary>
internal static class EntryAt
{
    public static EntryRow? Find(SqliteDatabase database, Guid accountId, long timeUs)
    {
        var (below, above) = (0L, Newest(database, accountId) + 1);
        // Invariant: entry `below` is at or before the time (0: none is), entry `above` is after it (or does not exist).
        EntryRow? found = null;
        while (above - below > 1)
        {
            var middle = below + (above - below) / 2;
            var entry = Read(database, accountId, middle);
            if (entry is { } there && there.TimeUs <= timeUs) (below, found) = (middle, entry);
            else above = middle;
        }

        return found;
    }

    private static long Newest(SqliteDatabase database, Guid accountId)
    {
        var query = database.Prepare("SELECT max(version) FROM entries WHERE account_id = ?").Bind(accountId);
        var version = query.Step() ? query.Long(0) : 0;
        query.Reset();
        return version;
    }

    private static EntryRow? Read(SqliteDatabase database, Guid accountId, long version)
    {
        var query = database.Prepare($"SELECT {LedgerRows.EntryColumns} FROM entries WHERE account_id = ? AND version = ?").Bind(accountId).Bind(version);
        var entry = query.Step() ? LedgerRows.Entry(query) : (EntryRow?)null;
        query.Reset();
        return entry;
    }
}
