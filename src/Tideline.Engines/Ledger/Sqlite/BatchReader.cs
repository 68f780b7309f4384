using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Reads the rows that a batch named, inside its transaction. The statements are kept in fields: this is the hot path.
/// </summary>
internal sealed class BatchReader(SqliteDatabase database, EntryTails tails, OutcomeIndex outcomes)
{
    private static readonly int TailColumn = LedgerColumns.Accounts.Count(',') + 1;
    private readonly SqliteStatement _account = database.Prepare(
        $"SELECT {LedgerColumns.Accounts}, entry_rows FROM accounts WHERE account_id = ?");
    private readonly SqliteStatement _customer = database.Prepare(
        $"SELECT {LedgerColumns.Customers} FROM customers WHERE customer_id = ?");
    private readonly SqliteStatement _hold = database.Prepare(
        $"SELECT {LedgerColumns.Holds} FROM holds WHERE hold_id = ?");
    private readonly SqliteStatement _aggregate = database.Prepare(AggregateQueries.One);
    private readonly SqliteStatement _transaction = database.Prepare(
        "SELECT 1 FROM transactions WHERE transaction_id = ?");
    private readonly SqliteStatement _claim = database.Prepare(
        $"SELECT {LedgerColumns.Claims} FROM claims WHERE space = ? AND name = ?");

    public BatchRows Read(BatchKeys keys)
    {
        var rows = new BatchRows();
        tails.Clear();
        foreach (var key in keys.Outcomes)
        {
            if (outcomes.Find(key) is { } outcome) rows.Outcomes.Add(key, outcome);
        }

        Read(_account, keys.Accounts, rows.Accounts, AccountAndTail);
        Read(_customer, keys.Customers, rows.Customers, LedgerRows.Customer);
        Read(_hold, keys.Holds, rows.Holds, LedgerRows.Hold);
        Read(_aggregate, keys.Aggregates, rows.Aggregates, LedgerRows.Aggregate);
        foreach (var id in keys.Transactions)
        {
            if (_transaction.Bind(id).Step()) rows.Transactions.Add(id);
            _transaction.Reset();
        }

        foreach (var key in keys.Claims)
        {
            try
            {
                if (_claim.Bind(key.Space).Bind(key.Name).Step()) rows.Claims.Add(key, LedgerRows.Claim(_claim));
            }
            finally
            {
                _claim.Reset();
            }
        }

        return rows;
    }

    private AccountRow AccountAndTail(SqliteStatement row)
    {
        var account = LedgerRows.Account(row);
        tails.Keep(account.Id, row.Span(TailColumn));
        return account;
    }

    /// <summary>Adds the rows with these ids, which the statement finds one by one.</summary>
    public static void Read<T>(
        SqliteStatement statement, HashSet<Guid> ids, Dictionary<Guid, T> rows, Func<SqliteStatement, T> read)
    {
        foreach (var id in ids)
        {
            try
            {
                if (statement.Bind(id).Step()) rows.Add(id, read(statement));
            }
            finally
            {
                // A damaged row throws, and the next batch reads others by this statement.
                statement.Reset();
            }
        }
    }
}
