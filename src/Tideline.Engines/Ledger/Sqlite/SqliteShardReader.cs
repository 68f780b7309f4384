using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Reads of one shard, safe for many threads. SQLite answers from memory or one page of the file, so the calls return
/// completed.
/// </summary>
internal sealed class SqliteShardReader(ShardFile file) : IShardReader
{
    private const string AccountById = $"SELECT {LedgerColumns.Accounts} FROM accounts WHERE account_id = ?";
    private const string CustomerById = $"SELECT {LedgerColumns.Customers} FROM customers WHERE customer_id = ?";
    private const string TransactionById =
        $"SELECT {LedgerColumns.Transactions} FROM transactions WHERE transaction_id = ?";
    private const string HoldById = $"SELECT {LedgerColumns.Holds} FROM holds WHERE hold_id = ?";
    private const string ClaimByKey = $"SELECT {LedgerColumns.Claims} FROM claims WHERE space = ? AND name = ?";

    private readonly ReaderPool _pool = new(file.Path);

    /// <inheritdoc/>
    public ValueTask<ShardHead> GetHeadAsync(CancellationToken cancel) =>
        Read(database => HeadReader.Read(database, file.Shard), cancel);

    /// <inheritdoc/>
    public ValueTask<BatchRows> GetRowsAsync(BatchKeys keys, CancellationToken cancel) =>
        Read(database =>
        {
            var rows = new BatchRows();
            foreach (var key in keys.Outcomes)
            {
                if (OutcomeIndex.Read(database, key) is { } outcome) rows.Outcomes.Add(key, outcome);
            }

            BatchReader.Read(database.Prepare(AccountById), keys.Accounts, rows.Accounts, LedgerRows.Account);
            BatchReader.Read(database.Prepare(CustomerById), keys.Customers, rows.Customers, LedgerRows.Customer);
            BatchReader.Read(database.Prepare(HoldById), keys.Holds, rows.Holds, LedgerRows.Hold);
            BatchReader.Read(
                database.Prepare(AggregateQueries.One), keys.Aggregates, rows.Aggregates, LedgerRows.Aggregate);
            rows.Transactions.UnionWith(Transactions(database, keys.Transactions).Select(found => found.Id));
            foreach (var key in keys.Claims)
            {
                if (Row(database, ClaimByKey, query => query.Bind(key.Space).Bind(key.Name), LedgerRows.Claim)
                    is { } claim) rows.Claims.Add(key, claim);
            }

            return rows;
        }, cancel);

    /// <summary>This process: the folder is its own.</summary>
    public ValueTask<ShardOwner?> GetOwnerAsync(CancellationToken cancel) =>
        ValueTask.FromResult<ShardOwner?>(new ShardOwner(ShardOwner.ThisProcess, "", Guid.Empty));

    /// <inheritdoc/>
    public ValueTask<AccountRow?> GetAccountAsync(Guid id, CancellationToken cancel) =>
        One(AccountById, query => query.Bind(id), LedgerRows.Account, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AccountRow>> GetAccountsOfCustomerAsync(
        Guid customerId, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Accounts} FROM accounts WHERE customer_id = ? ORDER BY account_id LIMIT ?",
            query => query.Bind(customerId).Bind(limit), LedgerRows.Account, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AccountRow>> GetAccountsAsync(Guid after, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Accounts} FROM accounts WHERE account_id > ? ORDER BY account_id LIMIT ?",
            query => query.Bind(after).Bind(limit), LedgerRows.Account, cancel);

    /// <inheritdoc/>
    public ValueTask<CustomerRow?> GetCustomerAsync(Guid id, CancellationToken cancel) =>
        One(CustomerById, query => query.Bind(id), LedgerRows.Customer, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CustomerRow>> GetCustomersAsync(Guid after, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Customers} FROM customers WHERE customer_id > ? ORDER BY customer_id LIMIT ?",
            query => query.Bind(after).Bind(limit), LedgerRows.Customer, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        Guid accountId, long beforeVersion, int limit, CancellationToken cancel) =>
        Read<IReadOnlyList<EntryRow>>(
            database => new EntryReader(database, accountId).Before(beforeVersion, limit, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        IReadOnlySet<EntryKey> keys, CancellationToken cancel) =>
        Read<IReadOnlyList<EntryRow>>(
            database =>
            [
                .. keys.GroupBy(key => key.AccountId, key => key.Version).SelectMany(account =>
                    new EntryReader(database, account.Key).With(account.OrderDescending())),
            ], cancel);

    /// <inheritdoc/>
    public ValueTask<EntryRow?> GetEntryAtAsync(Guid accountId, long timeUs, CancellationToken cancel) =>
        Read(database => new EntryReader(database, accountId).At(timeUs), cancel);

    /// <inheritdoc/>
    public ValueTask<TransactionRow?> GetTransactionAsync(Guid id, CancellationToken cancel) =>
        One(TransactionById, query => query.Bind(id), LedgerRows.Transaction, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TransactionRow>> GetTransactionsAsync(
        IReadOnlySet<Guid> ids, CancellationToken cancel) =>
        Read<IReadOnlyList<TransactionRow>>(database => [.. Transactions(database, ids)], cancel);

    /// <inheritdoc/>
    public ValueTask<HoldRow?> GetHoldAsync(Guid id, CancellationToken cancel) =>
        One(HoldById, query => query.Bind(id), LedgerRows.Hold, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Guid>> GetHoldIdsAsync(Guid after, int limit, CancellationToken cancel) =>
        Many("SELECT hold_id FROM holds WHERE hold_id > ? ORDER BY hold_id LIMIT ?",
            query => query.Bind(after).Bind(limit), row => row.Id(0), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<HoldRow>> GetExpiredHoldsAsync(long atUs, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Holds} FROM holds INDEXED BY holds_open WHERE status = 0 AND expires_us <= ? "
            + $"ORDER BY expires_us LIMIT ?",
            query => query.Bind(atUs).Bind(limit), LedgerRows.Hold, cancel);

    /// <inheritdoc/>
    public ValueTask<OutcomeRow?> GetOutcomeAsync(Guid key, CancellationToken cancel) =>
        Read(database => OutcomeIndex.Read(database, key), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OutcomeRow>> GetLastOutcomesAsync(int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Outcomes} FROM outcomes ORDER BY row DESC LIMIT ?",
            query => query.Bind(limit), LedgerRows.Outcome, cancel);

    /// <inheritdoc/>
    public ValueTask<ClaimRow?> GetClaimAsync(ClaimKey key, CancellationToken cancel) =>
        One(ClaimByKey, query => query.Bind(key.Space).Bind(key.Name), LedgerRows.Claim, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ClaimRow>> GetClaimsAsync(ClaimKey after, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Claims} FROM claims WHERE space = ? AND name > ? ORDER BY name LIMIT ?",
            query => query.Bind(after.Space).Bind(after.Name).Bind(limit), LedgerRows.Claim, cancel);

    /// <inheritdoc/>
    public ValueTask<AggregateRow?> GetAggregateAsync(Guid id, CancellationToken cancel) =>
        One(AggregateQueries.One, query => query.Bind(id), LedgerRows.Aggregate, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AggregateRow>> GetDueAggregatesAsync(
        string kindPrefix, long atUs, int limit, CancellationToken cancel) =>
        Many(AggregateQueries.Due, query => query.Bind(atUs).Bind(kindPrefix).Bind(kindPrefix).Bind(limit),
            LedgerRows.Aggregate, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AggregateRow>> GetAggregatesAsync(
        AggregateFilter which, Guid after, int limit, CancellationToken cancel) =>
        Many(AggregateQueries.Page(which), query => query.Bind(which).Bind(after).Bind(limit), LedgerRows.Aggregate,
            cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> GetAggregateKindsAsync(AggregateFilter which, CancellationToken cancel) =>
        Many(AggregateQueries.Kinds(which), query => query.Bind(which), row => row.Text(0), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LedgerEvent>> GetEventsAsync(long afterSeq, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Events} FROM events WHERE event_seq > ? ORDER BY event_seq LIMIT ?",
            query => query.Bind(afterSeq).Bind(limit), row => LedgerRows.Event(row, file.Shard), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MessageRow>> GetMessagesAsync(long afterSeq, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Messages} FROM messages WHERE message_seq > ? "
            + "ORDER BY message_seq LIMIT ?",
            query => query.Bind(afterSeq).Bind(limit), LedgerRows.Message, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditBlockRow>> GetBlocksAsync(
        long afterNumber, int limit, CancellationToken cancel) =>
        Many($"SELECT {LedgerColumns.Blocks} FROM audit_log WHERE block_number > ? "
            + "ORDER BY block_number LIMIT ?",
            query => query.Bind(afterNumber).Bind(limit), LedgerRows.Block, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(Currency Currency, Int128 PostedMinor, long Accounts)>> GetTotalsAsync(
        CancellationToken cancel) =>
        Read(database => Totals.Read(database, cancel), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> FindBrokenBalancesAsync(
        int limit, CancellationToken cancel, AggregateClaims? claims = null) =>
        Read<IReadOnlyList<string>>(database =>
        {
            var balances = new SqliteBalances(database);
            var check = new BalanceCheck(balances, limit, BalanceCheck.AccountsPerPass, claims);
            return
            [
                .. check.Run(cancel).Concat(balances.FindBrokenChains(cancel))
                    .Concat(balances.FindMissingOutcomes()).Take(limit),
            ];
        }, cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _pool.Dispose();
        return ValueTask.CompletedTask;
    }

    // What was read may be committed and not yet on the disk: nobody may act on it before it is.
    private ValueTask<T> Read<T>(Func<SqliteDatabase, T> read, CancellationToken cancel)
    {
        var (rows, commit) = _pool.ReadSnapshot(database => (read(database), HeadReader.Commits(database)));
        var durable = file.Durability.WaitAsync(commit, cancel);
        return durable.IsCompletedSuccessfully ? new ValueTask<T>(rows) : Later(durable, rows);

        static async ValueTask<T> Later(ValueTask durable, T rows)
        {
            await durable;
            return rows;
        }
    }

    private ValueTask<T?> One<T>(
        string sql, Func<SqliteStatement, SqliteStatement> bind,
        Func<SqliteStatement, T> read, CancellationToken cancel)
        where T : class => Read(database => Row(database, sql, bind, read), cancel);

    private static IEnumerable<TransactionRow> Transactions(SqliteDatabase database, IEnumerable<Guid> ids) =>
        ids.Select(id => Row(database, TransactionById, query => query.Bind(id), LedgerRows.Transaction))
            .OfType<TransactionRow>();

    private static T? Row<T>(SqliteDatabase database, string sql, Func<SqliteStatement, SqliteStatement> bind,
        Func<SqliteStatement, T> read)
        where T : class
    {
        var query = database.Prepare(sql);
        try
        {
            return bind(query).Step() ? read(query) : null;
        }
        finally
        {
            query.Reset();
        }
    }

    private ValueTask<IReadOnlyList<T>> Many<T>(string sql,
        Func<SqliteStatement, SqliteStatement> bind, Func<SqliteStatement, T> read, CancellationToken cancel) =>
        Read<IReadOnlyList<T>>(database =>
        {
            var rows = new List<T>();
            var query = database.Prepare(sql);
            try
            {
                bind(query);
                while (query.Step())
                {
                    cancel.ThrowIfCancellationRequested();
                    rows.Add(read(query));
                }

                return rows;
            }
            finally
            {
                query.Reset();
            }
        }, cancel);
}
