using Tideline.Engines.Sqlite;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Writes the slices of a shard's tail indexes, inside the transaction of a batch.</summary>
internal sealed class IndexWriter(SqliteDatabase database, RowFinder finder)
{
    // A generation that a restart cut short is written again from its beginning.
    private readonly SqliteStatement _entry = database.Prepare("INSERT INTO entry_index VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    private readonly SqliteStatement _outcome = database.Prepare("INSERT INTO outcome_index VALUES (?, ?) ON CONFLICT DO NOTHING");
    private readonly SqliteStatement _through = database.Prepare("UPDATE head SET entries_indexed = ?, outcomes_indexed = ?");

    public void Write()
    {
        foreach (var (key, row) in finder.Entries.Slice()) _entry.Bind(key.AccountId).Bind(key.Version).Bind(row).Run();
        foreach (var (key, row) in finder.Outcomes.Slice()) _outcome.Bind(key).Bind(row).Run();
        var (entries, outcomes) = (finder.Entries.ThroughAfterSlice, finder.Outcomes.ThroughAfterSlice);
        if (entries != finder.Entries.Through || outcomes != finder.Outcomes.Through) _through.Bind(entries).Bind(outcomes).Run();
    }
}
