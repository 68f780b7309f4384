using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>The balances of a shard's file, and whether every entry and outcome is in its index; inside a transaction of the caller.</summary>
internal sealed class SqliteBalances(SqliteDatabase database) : IBalanceSource
{
    /// <inheritdoc/>
    public IEnumerable<BalanceRow> Accounts(Guid after, int limit) => Rows(
        database.Prepare(
            "SELECT id, posted, pending_in, pending_out, entry_version, kind, currency, returnable FROM accounts"
            + " WHERE id > ? ORDER BY id LIMIT ?").Bind(after).Bind(limit),
        row => new BalanceRow(row.Id(0), row.Long(1), row.Long(2), row.Long(3), row.Long(4), (AccountKind)row.Int(5),
            row.Text(6), row.Long(7)));

    /// <inheritdoc/>
    public IEnumerable<EntryRow> Entries(Guid? after, Guid? through) =>
        Rows(database.Prepare($"SELECT {LedgerRows.EntryColumns} FROM entries ORDER BY row"), LedgerRows.Entry)
            .Where(entry => (after is null || entry.AccountId > after) && (through is null || entry.AccountId <= through));

    /// <inheritdoc/>
    public IEnumerable<(Guid Account, Int128 Minor)> OpenHolds(Guid? after, Guid? through) =>
        Rows(database.Prepare("SELECT account_id, amount - captured FROM holds WHERE status = 0"), row => (Account: row.Id(0), Minor: row.Long(1)))
            .Where(hold => (after is null || hold.Account > after) && (through is null || hold.Account <= through))
            .GroupBy(hold => hold.Account, (account, holds) => (account, holds.Aggregate((Int128)0, (sum, hold) => sum + hold.Minor)));

    /// <inheritdoc/>
    public IEnumerable<SagaRow> OpenSagas() => Rows(
        database.Prepare(
            $"SELECT {LedgerRows.SagaColumns} FROM sagas INDEXED BY sagas_not_completed"
            + " WHERE state IN (0, 2, 4, 5) AND state <> 1"),
        LedgerRows.Saga);

    /// <summary>Rows only grow at their end and none is ever removed: as many index rows as rows, and each row can be found.</summary>
    public IEnumerable<string> FindMissingIndexRows()
    {
        foreach (var (table, index) in new[] { ("entries", "entry_index"), ("outcomes", "outcome_index") })
        {
            var counts = database.Prepare($"SELECT (SELECT {table}_indexed FROM head), (SELECT count(*) FROM {index} WHERE row <= (SELECT {table}_indexed FROM head))");
            counts.Step();
            var (rows, found) = (counts.Long(0), counts.Long(1));
            counts.Reset();
            if (rows != found) yield return string.Create(CultureInfo.InvariantCulture, $"The index of {table} holds {found} of the {rows} rows that it should.");
        }
    }

    private static IEnumerable<T> Rows<T>(SqliteStatement query, Func<SqliteStatement, T> read)
    {
        try
        {
            while (query.Step()) yield return read(query);
        }
        finally
        {
            query.Reset();
        }
    }
}
