using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// Reads of one shard on the primary, beside its writer; safe for many threads. What another session can see is
/// committed, and where replicas must acknowledge, acknowledged (rpl_semi_sync_source_wait_point = AFTER_SYNC).
/// </summary>
internal sealed class MySqlShardReader(MySqlAddress address, int shard, SteadyClock clock) : IShardReader
{
    /// <summary>Keys that one statement names: up to 100 KB of text.</summary>
    internal const int StatementKeys = 1_000;

    /// <inheritdoc/>
    public async ValueTask<ShardHead> GetHeadAsync(CancellationToken cancel)
    {
        var askedAt = clock.GetTimestamp();
        return await OneAsync(MySqlRows.HeadQuery, [], row => Heard(row, askedAt), cancel)
            ?? throw new TidelineException(ErrorCode.Corrupt, $"{address.Database} has no head row.");
    }

    /// <summary>A statement for each kind of row, not one snapshot.</summary>
    public async ValueTask<BatchRows> GetRowsAsync(BatchKeys keys, CancellationToken cancel)
    {
        var rows = new BatchRows();
        foreach (var row in await ByIdAsync(LedgerColumns.Outcomes, "outcomes", "outcome_key", keys.Outcomes,
            MySqlRows.Outcome, cancel)) rows.Outcomes.Add(row.Key, row);
        foreach (var row in await ByIdAsync(LedgerColumns.Accounts, "accounts", "account_id", keys.Accounts,
            MySqlRows.Account, cancel)) rows.Accounts.Add(row.Id, row);
        foreach (var row in await ByIdAsync(LedgerColumns.Customers, "customers", "customer_id", keys.Customers,
            MySqlRows.Customer, cancel)) rows.Customers.Add(row.Id, row);
        foreach (var row in await ByIdAsync(LedgerColumns.Holds, "holds", "hold_id", keys.Holds,
            MySqlRows.Hold, cancel)) rows.Holds.Add(row.Id, row);
        foreach (var row in await ByIdAsync(LedgerColumns.Aggregates, "aggregates", "aggregate_id", keys.Aggregates,
            MySqlRows.Aggregate, cancel)) rows.Aggregates.Add(row.Id, row);
        rows.Transactions.UnionWith(await ByIdAsync("transaction_id", "transactions", "transaction_id",
            keys.Transactions, row => row.GetGuid(0), cancel));
        foreach (var row in await ByKeyAsync(LedgerColumns.Claims, "claims", "(space, name)", keys.Claims,
            Write, MySqlRows.Claim, cancel)) rows.Claims.Add(row.Key, row);
        return rows;
    }

    /// <summary>
    /// Who owns the shard, as its primary says. A process that owns nothing looks here all the time, and so finds out
    /// when its readers are left at an old primary.
    /// </summary>
    public ValueTask<ShardOwner?> GetOwnerAsync(CancellationToken cancel) => ReadAsync(
        async (connection, primary, token) =>
        {
            await using var command = new MySqlCommand(MySqlRows.OwnerQuery, connection);
            await command.PrepareAsync(token);
            await using var reader = await command.ExecuteReaderAsync(token);
            if (!await reader.ReadAsync(token)) return null;
            primary.Require(isWritable: !reader.GetBoolean(4), server: reader.GetString(5));
            return reader.GetBoolean(3) ? MySqlRows.Owner(reader) : null;
        },
        cancel);

    /// <inheritdoc/>
    public ValueTask<AccountRow?> GetAccountAsync(Guid id, CancellationToken cancel) =>
        OneAsync($"SELECT {LedgerColumns.Accounts} FROM accounts WHERE account_id = @0", [id],
            MySqlRows.Account, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AccountRow>> GetAccountsOfCustomerAsync(
        Guid customerId, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Accounts} FROM accounts WHERE customer_id = @0 ORDER BY account_id "
            + "LIMIT @1",
            [customerId, limit], MySqlRows.Account, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AccountRow>> GetAccountsAsync(Guid after, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Accounts} FROM accounts WHERE account_id > @0 ORDER BY account_id "
            + "LIMIT @1",
            [after, limit], MySqlRows.Account, cancel);

    /// <inheritdoc/>
    public ValueTask<CustomerRow?> GetCustomerAsync(Guid id, CancellationToken cancel) =>
        OneAsync($"SELECT {LedgerColumns.Customers} FROM customers WHERE customer_id = @0", [id],
            MySqlRows.Customer, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CustomerRow>> GetCustomersAsync(Guid after, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Customers} FROM customers WHERE customer_id > @0 ORDER BY "
            + "customer_id LIMIT @1",
            [after, limit], MySqlRows.Customer, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        Guid accountId, long beforeVersion, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Entries} FROM entries WHERE account_id = @0 AND entry_version < @1 "
            + "ORDER BY entry_version DESC LIMIT @2", [accountId, beforeVersion, limit], MySqlRows.Entry, cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        IReadOnlySet<EntryKey> keys, CancellationToken cancel) =>
        await ByKeyAsync(LedgerColumns.Entries, "entries", "(account_id, entry_version)", keys,
            Write, MySqlRows.Entry, cancel);

    /// <summary>
    /// By halving: versions have no gaps and times never go back, so no index on time is kept. One session, a look at a
    /// row each.
    /// </summary>
    public async ValueTask<EntryRow?> GetEntryAtAsync(Guid accountId, long timeUs, CancellationToken cancel)
    {
        var (below, above) = (0L, 1 + await ScalarAsync(
            "SELECT COALESCE(MAX(entry_version), 0) FROM entries WHERE account_id = @0", [accountId], cancel));
        EntryRow? found = null;
        while (above - below > 1)
        {
            var middle = below + (above - below) / 2;
            var entry = (await ManyAsync($"SELECT {LedgerColumns.Entries} FROM entries WHERE account_id = @0 AND "
                + "entry_version = @1", [accountId, middle], MySqlRows.Entry, cancel))
                .Select(row => (EntryRow?)row).SingleOrDefault();
            if (entry is { } there && there.TimeUs <= timeUs) (below, found) = (middle, entry);
            else above = middle;
        }

        return found;
    }

    /// <inheritdoc/>
    public ValueTask<TransactionRow?> GetTransactionAsync(Guid id, CancellationToken cancel) =>
        OneAsync($"SELECT {LedgerColumns.Transactions} FROM transactions WHERE transaction_id = @0",
            [id], MySqlRows.Transaction, cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<TransactionRow>> GetTransactionsAsync(
        IReadOnlySet<Guid> ids, CancellationToken cancel) =>
        await ByIdAsync(LedgerColumns.Transactions, "transactions", "transaction_id", ids, MySqlRows.Transaction,
            cancel);

    /// <inheritdoc/>
    public ValueTask<HoldRow?> GetHoldAsync(Guid id, CancellationToken cancel) =>
        OneAsync($"SELECT {LedgerColumns.Holds} FROM holds WHERE hold_id = @0", [id], MySqlRows.Hold, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Guid>> GetHoldIdsAsync(Guid after, int limit, CancellationToken cancel) =>
        ManyAsync("SELECT hold_id FROM holds WHERE hold_id > @0 ORDER BY hold_id LIMIT @1", [after, limit],
            row => row.GetGuid(0), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<HoldRow>> GetExpiredHoldsAsync(long atUs, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Holds} FROM holds WHERE status = 0 AND expires_us <= @0 ORDER BY "
            + $"expires_us LIMIT @1", [atUs, limit], MySqlRows.Hold, cancel);

    /// <inheritdoc/>
    public ValueTask<OutcomeRow?> GetOutcomeAsync(Guid key, CancellationToken cancel) =>
        OneAsync($"SELECT {LedgerColumns.Outcomes} FROM outcomes WHERE outcome_key = @0",
            [key], MySqlRows.Outcome, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OutcomeRow>> GetLastOutcomesAsync(int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Outcomes} FROM outcomes ORDER BY row_no DESC LIMIT @0",
            [limit], MySqlRows.Outcome, cancel);

    /// <inheritdoc/>
    public ValueTask<ClaimRow?> GetClaimAsync(ClaimKey key, CancellationToken cancel) =>
        OneAsync($"SELECT {LedgerColumns.Claims} FROM claims WHERE space = @0 AND name = @1", [key.Space, key.Name],
            MySqlRows.Claim, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ClaimRow>> GetClaimsAsync(ClaimKey after, int limit, CancellationToken cancel) =>
        ManyAsync(
            $"SELECT {LedgerColumns.Claims} FROM claims WHERE space = @0 AND name > @1 ORDER BY name LIMIT @2",
            [after.Space, after.Name, limit], MySqlRows.Claim, cancel);

    /// <inheritdoc/>
    public ValueTask<AggregateRow?> GetAggregateAsync(Guid id, CancellationToken cancel) =>
        OneAsync(AggregateQueries.One, [id], MySqlRows.Aggregate, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AggregateRow>> GetDueAggregatesAsync(
        string kindPrefix, long atUs, int limit, CancellationToken cancel) =>
        ManyAsync(AggregateQueries.Due, [kindPrefix, atUs, limit], MySqlRows.Aggregate, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AggregateRow>> GetAggregatesAsync(
        AggregateFilter which, Guid after, int limit, CancellationToken cancel) =>
        ManyAsync(AggregateQueries.Page(which), AggregateQueries.Values(which, after, limit), MySqlRows.Aggregate,
            cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> GetAggregateKindsAsync(AggregateFilter which, CancellationToken cancel) =>
        ManyAsync(AggregateQueries.Kinds(which), AggregateQueries.Values(which), row => row.GetString(0), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LedgerEvent>> GetEventsAsync(long afterSeq, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Events} FROM events WHERE event_seq > @0 ORDER BY event_seq LIMIT @1",
            [afterSeq, limit], row => MySqlRows.Event(row, shard), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MessageRow>> GetMessagesAsync(long afterSeq, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Messages} FROM messages WHERE message_seq > @0 ORDER BY "
            + "message_seq LIMIT @1",
            [afterSeq, limit], MySqlRows.Message, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditBlockRow>> GetBlocksAsync(
        long afterNumber, int limit, CancellationToken cancel) =>
        ManyAsync($"SELECT {LedgerColumns.Blocks} FROM audit_log WHERE block_number > @0 ORDER BY "
            + "block_number LIMIT @1",
            [afterNumber, limit], MySqlRows.Block, cancel);

    /// <summary>The server adds up exactly: SUM of BIGINT is DECIMAL, which holds any sum of balances.</summary>
    public ValueTask<IReadOnlyList<(Currency Currency, Int128 PostedMinor, long Accounts)>> GetTotalsAsync(
        CancellationToken cancel) =>
        ManyAsync("SELECT currency, CAST(SUM(balance) AS CHAR), COUNT(*) FROM accounts GROUP BY currency ORDER BY "
            + "currency", [],
            row => (MySqlRows.CurrencyOf(row.GetString(0)), Int128.Parse(row.GetString(1),
                System.Globalization.CultureInfo.InvariantCulture), row.GetInt64(2)), cancel, MySqlLimits.ReadSeconds);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> FindBrokenBalancesAsync(
        int limit, CancellationToken cancel, AggregateClaims? claims = null)
    {
        return await ReadAsync(
            async (connection, _, token) =>
            {
                await using var snapshot = await connection.BeginTransactionAsync(
                    System.Data.IsolationLevel.RepeatableRead, token);
                return await Task.Run(() => new BalanceCheck(new MySqlBalances(snapshot), limit,
                    BalanceCheck.AccountsPerPass, claims).Run(token), token);
            },
            cancel);
    }

    /// <summary>The pool belongs to the store.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The statement that reads the rows with some keys.</summary>
    internal static string ByKey<TKey>(
        string columns, string table, string key, IEnumerable<TKey> keys, Func<SqlText, TKey, SqlText> write)
    {
        var sql = new SqlText().Add($"SELECT {columns} FROM {table} WHERE {key} IN (");
        foreach (var one in keys) write(sql, one).Add(",");
        return sql.Back(1).Add(")").ToString();
    }

    internal static SqlText Write(SqlText sql, Guid id) => sql.Value(id);

    internal static SqlText Write(SqlText sql, EntryKey key) =>
        sql.Add("(").Value(key.AccountId).Add(",").Value(key.Version).Add(")");

    internal static SqlText Write(SqlText sql, ClaimKey key) =>
        sql.Add("(").Value(key.Space).Add(",").Value(key.Name).Add(")");

    private ShardHead Heard(MySqlDataReader row, long askedAt)
    {
        clock.Hear(address.Database, MySqlRows.ServerUs(row), askedAt);
        return MySqlRows.Head(row, shard);
    }

    private async ValueTask<long> ScalarAsync(string sql, object[] values, CancellationToken cancel) =>
        (await ManyAsync(sql, values, row => row.GetInt64(0), cancel))[0];

    private async ValueTask<T?> OneAsync<T>(
        string sql, object[] values, Func<MySqlDataReader, T> read, CancellationToken cancel)
        where T : class => (await ManyAsync(sql, values, read, cancel)) is [var one, ..] ? one : null;

    private Task<List<T>> ByIdAsync<T>(string columns, string table, string key, IReadOnlyCollection<Guid> ids,
        Func<MySqlDataReader, T> read, CancellationToken cancel) =>
        ByKeyAsync(columns, table, key, ids, Write, read, cancel);

    private async Task<List<T>> ByKeyAsync<TKey, T>(string columns, string table, string key,
        IReadOnlyCollection<TKey> keys, Func<SqlText, TKey, SqlText> write, Func<MySqlDataReader, T> read,
        CancellationToken cancel)
    {
        var rows = new List<T>();
        foreach (var some in keys.Chunk(StatementKeys))
            rows.AddRange(await ManyAsync(ByKey(columns, table, key, some, write), [], read, cancel));

        return rows;
    }

    private ValueTask<IReadOnlyList<T>> ManyAsync<T>(
        string sql, object[] values, Func<MySqlDataReader, T> read, CancellationToken cancel,
        int seconds = MySqlLimits.RowsSeconds) => ReadAsync<IReadOnlyList<T>>(
        async (connection, _, token) =>
        {
            await using var command = new MySqlCommand(sql, connection) { CommandTimeout = seconds };
            for (var at = 0; at < values.Length; at++) command.Parameters.AddWithValue($"@{at}", values[at]);
            // Prepared: values travel as bytes, so no setting of the server can change what a quote means. Without
            // values the text may differ each time, and a session keeps every statement that it prepared.
            if (values.Length > 0) await command.PrepareAsync(token);
            await using var reader = await command.ExecuteReaderAsync(token);
            var rows = new List<T>();
            while (await reader.ReadAsync(token)) rows.Add(read(reader));
            return rows;
        },
        cancel);

    // A read that lost its server, or whose server is not the primary any more, is begun once more. The driver cannot
    // be told to leave a server that does not answer: such a read is left to itself.
    private async ValueTask<T> ReadAsync<T>(
        Func<MySqlConnection, PrimaryLease, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var primary = await address.FindAsync();
            var readers = address.Readers(primary);
            try
            {
                return await ReadAsync(readers, primary, read, cancel).WaitAsync(primary.Ended);
            }
            catch (Exception fault) when (attempt == 1
                && !cancel.IsCancellationRequested && (fault is OperationCanceledException || fault.IsLost()))
            {
                address.DoubtReaders(primary, readers);
            }
            catch (OperationCanceledException fault) when (!cancel.IsCancellationRequested)
            {
                throw new TidelineException(
                    ErrorCode.StorageUnavailable, "MySQL's primary changed while it was read.", fault);
            }
            catch (Exception fault) when (fault is MySqlException or IOException)
            {
                throw fault.Told();
            }
        }
    }

    private static async Task<T> ReadAsync<T>(MySqlDataSource readers,
        PrimaryLease primary, Func<MySqlConnection, PrimaryLease, CancellationToken, Task<T>> read,
        CancellationToken cancel)
    {
        await using var connection = await readers.OpenConnectionAsync(cancel);
        return await read(connection, primary, cancel);
    }
}
