using Tideline.Engines.Ledger;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>Reads of one shard of a <see cref="LedgerDisk"/>.</summary>
internal sealed class SimulatedShardReader(LedgerDisk disk, int shard, TimeProvider time) : IShardReader
{
    /// <inheritdoc/>
    public ValueTask<ShardHead> GetHeadAsync(CancellationToken cancel) => Read(tables => tables.Head, cancel);

    /// <inheritdoc/>
    public ValueTask<BatchRows> GetRowsAsync(BatchKeys keys, CancellationToken cancel) =>
        Read(tables => RowReader.Read(tables, keys), cancel);

    /// <summary>Durable at any time: whoever acquires a shard makes everything on it durable.</summary>
    public ValueTask<ShardOwner?> GetOwnerAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (disk.Gate)
        {
            var there = disk.Of(shard);
            return ValueTask.FromResult(there.LeaseUntilUs > time.NowUs() ? there.Durable.Owner?.Process : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<AccountRow?> GetAccountAsync(Guid id, CancellationToken cancel) =>
        Read(tables => tables.Accounts.Get(id), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AccountRow>> GetAccountsOfCustomerAsync(
        Guid customerId, int limit, CancellationToken cancel) =>
        Page(tables => tables.Accounts.OfCustomer(customerId), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AccountRow>> GetAccountsAsync(Guid after, int limit, CancellationToken cancel) =>
        Page(tables => tables.Accounts.After(after), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<CustomerRow?> GetCustomerAsync(Guid id, CancellationToken cancel) =>
        Read(tables => tables.Customers.TryGet(id, out var row) ? row : null, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CustomerRow>> GetCustomersAsync(Guid after, int limit, CancellationToken cancel) =>
        Page(tables => tables.Customers.After(after), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        Guid accountId, long beforeVersion, int limit, CancellationToken cancel) =>
        Read<IReadOnlyList<EntryRow>>(tables => tables.Entries.Before(accountId, beforeVersion, limit), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        IReadOnlySet<EntryKey> keys, CancellationToken cancel) =>
        Read<IReadOnlyList<EntryRow>>(
            tables => [.. keys.Select(tables.Entries.Get).OfType<EntryRow>()], cancel);

    /// <inheritdoc/>
    public ValueTask<EntryRow?> GetEntryAtAsync(Guid accountId, long timeUs, CancellationToken cancel) =>
        Read(tables => tables.Entries.At(accountId, timeUs), cancel);

    /// <inheritdoc/>
    public ValueTask<TransactionRow?> GetTransactionAsync(Guid id, CancellationToken cancel) =>
        Read(tables => tables.Transactions.TryGet(id, out var row) ? row : null, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<TransactionRow>> GetTransactionsAsync(
        IReadOnlySet<Guid> ids, CancellationToken cancel) =>
        Read<IReadOnlyList<TransactionRow>>(
            tables =>
            [
                .. ids.Select(id => tables.Transactions.TryGet(id, out var row) ? row : null).OfType<TransactionRow>(),
            ], cancel);

    /// <inheritdoc/>
    public ValueTask<HoldRow?> GetHoldAsync(Guid id, CancellationToken cancel) =>
        Read(tables => tables.Holds.Get(id), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Guid>> GetHoldIdsAsync(Guid after, int limit, CancellationToken cancel) =>
        Page(tables => tables.Holds.After(after).Select(hold => hold.Id), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<HoldRow>> GetExpiredHoldsAsync(long atUs, int limit, CancellationToken cancel) =>
        Page(tables => tables.Holds.Open.TakeWhile(hold => hold.ExpiresUs <= atUs), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<OutcomeRow?> GetOutcomeAsync(Guid key, CancellationToken cancel) =>
        Read(tables => tables.Outcomes.Get(key), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OutcomeRow>> GetLastOutcomesAsync(int limit, CancellationToken cancel) =>
        Read<IReadOnlyList<OutcomeRow>>(tables => tables.Outcomes.Newest(limit), cancel);

    /// <inheritdoc/>
    public ValueTask<ClaimRow?> GetClaimAsync(ClaimKey key, CancellationToken cancel) =>
        Read(tables => tables.Claims.TryGet(key, out var row) ? row : null, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ClaimRow>> GetClaimsAsync(ClaimKey after, int limit, CancellationToken cancel) =>
        Page(tables => tables.Claims.After(after).TakeWhile(claim => claim.Space == after.Space), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<AggregateRow?> GetAggregateAsync(Guid id, CancellationToken cancel) =>
        Read(tables => tables.Aggregates.Get(id), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AggregateRow>> GetDueAggregatesAsync(
        string kindPrefix, long atUs, int limit, CancellationToken cancel) =>
        Page(tables => tables.Aggregates.Due(kindPrefix, atUs), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AggregateRow>> GetAggregatesAsync(
        AggregateFilter which, Guid after, int limit, CancellationToken cancel) =>
        Page(tables => tables.Aggregates.Select(which, after), limit, cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> GetAggregateKindsAsync(AggregateFilter which, CancellationToken cancel) =>
        Read<IReadOnlyList<string>>(
            tables =>
            [
                .. tables.Aggregates.Select(which, Guid.Empty).Select(row => row.Kind).Distinct(StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ], cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LedgerEvent>> GetEventsAsync(long afterSeq, int limit, CancellationToken cancel) =>
        Read<IReadOnlyList<LedgerEvent>>(tables => tables.Events.After(afterSeq, limit), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MessageRow>> GetMessagesAsync(long afterSeq, int limit, CancellationToken cancel) =>
        Read<IReadOnlyList<MessageRow>>(tables => tables.Messages.After(afterSeq, limit), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditBlockRow>> GetBlocksAsync(
        long afterNumber, int limit, CancellationToken cancel) =>
        Read<IReadOnlyList<AuditBlockRow>>(tables => tables.Blocks.After(afterNumber, limit), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<(Currency Currency, Int128 PostedMinor, long Accounts)>> GetTotalsAsync(
        CancellationToken cancel) =>
        Read<IReadOnlyList<(Currency Currency, Int128 PostedMinor, long Accounts)>>(
            tables =>
            [
                .. tables.Accounts.All.GroupBy(account => account.Currency)
                    .OrderBy(accounts => accounts.Key.Code, StringComparer.Ordinal)
                    .Select(accounts => (accounts.Key,
                        accounts.Aggregate((Int128)0, (sum, account) => sum + account.PostedMinor),
                        accounts.LongCount())),
            ], cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> FindBrokenBalancesAsync(
        int limit, CancellationToken cancel, AggregateClaims? claims = null) =>
        Read<IReadOnlyList<string>>(
            tables => new BalanceCheck(new TableBalances(tables), limit, BalanceCheck.AccountsPerPass, claims)
                .Run(cancel), cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ValueTask<IReadOnlyList<T>> Page<T>(
        Func<ShardTables, IEnumerable<T>> read, int limit, CancellationToken cancel) =>
        Read<IReadOnlyList<T>>(tables => [.. read(tables).Take(limit)], cancel);

    // What was read may be committed and not durable: nobody may act on it before it is.
    private ValueTask<T> Read<T>(Func<ShardTables, T> read, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (disk.Gate)
        {
            var there = disk.Of(shard);
            return there.Unsynced == 0 || !disk.ReadsWaitForSync
                ? ValueTask.FromResult(read(there.Durable))
                : LaterAsync(read(there.Written), there.NextSync, cancel);
        }
    }

    private static async ValueTask<T> LaterAsync<T>(T rows, Task durable, CancellationToken cancel)
    {
        await durable.WaitAsync(cancel);
        return rows;
    }
}
