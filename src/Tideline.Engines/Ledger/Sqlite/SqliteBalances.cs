using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The balances of a shard's file, and whether its entries and outcomes are found; inside the caller's transaction.
/// </summary>
internal sealed class SqliteBalances(SqliteDatabase database) : IBalanceSource
{
    /// <inheritdoc/>
    public IEnumerable<BalanceRow> Accounts(Guid after, int limit) => Rows(
        database.Prepare(
            "SELECT account_id, balance, pending_in, pending_out, entry_version, kind, currency, returnable "
            + "FROM accounts WHERE account_id > ? ORDER BY account_id LIMIT ?").Bind(after).Bind(limit),
        row => new BalanceRow(row.Id(0), row.Long(1), row.Long(2), row.Long(3), row.Long(4), (AccountKind)row.Int(5),
            row.Text(6), row.Long(7)));

    /// <inheritdoc/>
    public IEnumerable<EntryRow> Entries(Guid? after, Guid? through) =>
        Rows(database.Prepare($"SELECT {LedgerColumns.Entries} FROM entries ORDER BY row"), LedgerRows.Entry)
            .Where(entry => (after is null || entry.AccountId > after)
                && (through is null || entry.AccountId <= through));

    /// <inheritdoc/>
    public IEnumerable<(Guid Account, Int128 Minor)> OpenHolds(Guid? after, Guid? through) =>
        Rows(database.Prepare("SELECT account_id, amount - captured FROM holds WHERE status = 0"),
            row => (Account: row.Id(0), Minor: row.Long(1)))
            .Where(hold => (after is null || hold.Account > after) && (through is null || hold.Account <= through))
            .GroupBy(hold => hold.Account,
                (account, holds) => (account, holds.Aggregate((Int128)0, (sum, hold) => sum + hold.Minor)));

    /// <inheritdoc/>
    public IEnumerable<AggregateRow> Aggregates(AggregateFilter which) =>
        Rows(database.Prepare(AggregateQueries.All(which)).Bind(which), LedgerRows.Aggregate);

    /// <summary>Accounts that do not lead to their entries, and entries that do not lead to earlier ones.</summary>
    public IEnumerable<string> FindBrokenChains(CancellationToken cancel)
    {
        Guid? after = null;
        do
        {
            var accounts = Rows(database.Prepare(
                "SELECT account_id, entry_rows FROM accounts WHERE account_id > ? ORDER BY account_id LIMIT ?")
                    .Bind(after ?? Guid.Empty).Bind(BalanceCheck.AccountsPerPass),
                row => (Id: row.Id(0), Rows: row.Bytes(1))).ToList();
            Guid? through = accounts.Count == BalanceCheck.AccountsPerPass ? accounts[^1].Id : null;
            var chains = new ChainCheck();
            var entries = database.Prepare(
                "SELECT account_id, entry_version, row, previous, jump FROM entries ORDER BY row");
            foreach (var link in Rows(entries, Link))
            {
                cancel.ThrowIfCancellationRequested();
                if (after is not null && link.AccountId <= after) continue;
                if (through is null || link.AccountId <= through) chains.Add(link);
            }

            foreach (var finding in chains.Findings) yield return finding;
            foreach (var (id, rows) in accounts)
            {
                if (chains.Check(id, rows) is { } finding) yield return finding;
            }

            after = through;
        }
        while (after is not null);

        static ChainCheck.Link Link(SqliteStatement row) =>
            new(row.Id(0), row.Long(1), row.Long(2), row.Long(3), row.Long(4));
    }

    /// <summary>
    /// Outcomes only grow at their end and none is removed: the index leads to each that it is said to cover.
    /// </summary>
    public IEnumerable<string> FindMissingOutcomes()
    {
        var counts = database.Prepare(
            "SELECT outcomes_indexed, (SELECT count(*) FROM outcomes o JOIN outcome_index i " +
            "ON i.outcome_key = o.outcome_key AND i.row = o.row WHERE o.row <= outcomes_indexed) FROM shard_head");
        counts.Step();
        var (rows, found) = (counts.Long(0), counts.Long(1));
        counts.Reset();
        if (rows == found) yield break;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"The index of outcomes leads to {found} of the {rows} rows that it should.");
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
