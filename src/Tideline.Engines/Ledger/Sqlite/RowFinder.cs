using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>The indexes of a shard's growing tables, shared by its writer and its readers.</summary>
internal sealed class RowFinder
{
    /// <summary>Entries by account and version.</summary>
    public TailIndex<EntryKey> Entries { get; } = new(EntryOrder, Limits.IndexGenerationRows);

    /// <summary>Outcomes by idempotency key.</summary>
    public TailIndex<Guid> Outcomes { get; } = new(Comparer<Guid>.Default, Limits.IndexGenerationRows);

    /// <summary>In the order of the index in the file.</summary>
    public static Comparer<EntryKey> EntryOrder { get; } = Comparer<EntryKey>.Create(static (left, right) =>
        left.AccountId.CompareTo(right.AccountId) is var order and not 0 ? order : left.Version.CompareTo(right.Version));

    /// <summary>Reads back the keys that are not in the indexes of the file.</summary>
    public void Load(SqliteDatabase database)
    {
        var head = database.Prepare("SELECT entries_indexed, outcomes_indexed FROM head");
        head.Step();
        var (entries, outcomes) = (head.Long(0), head.Long(1));
        head.Reset();
        Entries.Load(entries, Rows(database.Prepare("SELECT row, account_id, version FROM entries WHERE row > ? ORDER BY row").Bind(entries),
            row => (new EntryKey(row.Id(1), row.Long(2)), row.Long(0))));
        Outcomes.Load(outcomes, Rows(database.Prepare("SELECT row, key FROM outcomes WHERE row > ? ORDER BY row").Bind(outcomes), row => (row.Id(1), row.Long(0))));
    }

    /// <summary>After a batch's commit.</summary>
    public void Publish()
    {
        Entries.Publish();
        Outcomes.Publish();
    }

    /// <summary>After a batch's rollback.</summary>
    public void Discard()
    {
        Entries.Discard();
        Outcomes.Discard();
    }

    private static IEnumerable<T> Rows<T>(SqliteStatement query, Func<SqliteStatement, T> read)
    {
        while (query.Step()) yield return read(query);
        query.Reset();
    }
}
