using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Ledger;

/// <summary>
/// One shard of the strong tier, for its single writer. A group commit is <see cref="BeginAsync"/> (the named rows as
/// the last commit left them), a decision in memory, <see cref="CommitAsync"/> (one transaction, fenced by the epoch),
/// and <see cref="SyncAsync"/>, which may run on another thread while the next group is decided. One contract, several
/// engines (SQLite, MySQL).
/// </summary>
public interface IShardStore : IAsyncDisposable
{
    /// <summary>The shard.</summary>
    int Shard { get; }

    /// <summary>
    /// Whether <see cref="CommitAsync"/> waits for a disk or another machine. If not, <see cref="SyncAsync"/> does,
    /// while the next batch is decided.
    /// </summary>
    bool WaitsAtCommit { get; }

    /// <summary>
    /// Completes when a process that prefers the shard requests it from this one, which does not prefer it; an owner
    /// learns of it when it commits or renews. Never completes in an engine without other processes.
    /// </summary>
    Task Wanted { get; }

    /// <summary>
    /// Acquires ownership with a new epoch and returns the shard's head. Disposing releases it. If another process owns
    /// the shard, or is first in line for it, the shard is requested from that process, provided that this process
    /// prefers the shard and the other does not. The call may be retried on the same store.
    /// </summary>
    /// <exception cref="TidelineException">AlreadyOwned: another process owns it and renewed it recently.
    /// IncompatibleData: a newer format.</exception>
    ValueTask<ShardHead> AcquireAsync(CancellationToken cancel);

    /// <summary>
    /// Whether an owner that does not renew its lease loses the shard. If not, it owns the shard until its process
    /// ends.
    /// </summary>
    bool HasLease { get; }

    /// <summary>
    /// Renews the lease of an owner that has had nothing to commit for a while; a commit renews it too. Only between
    /// two batches.
    /// </summary>
    /// <exception cref="TidelineException">NotOwner: another process took over. StorageUnavailable: the lease could not
    /// be renewed; retry.</exception>
    ValueTask RenewAsync();

    /// <summary>
    /// Begins the batch and returns the rows that it needs, to be changed in place. A key without a row is free; if
    /// that turns out to be wrong, <see cref="CommitAsync"/> requires the batch to be decided again. Nothing read here
    /// may reach a client before the commit.
    /// </summary>
    /// <exception cref="TidelineException">NotOwner: a newer epoch exists. The engine may detect this only at the
    /// commit.</exception>
    ValueTask<BatchRows> BeginAsync(BatchKeys keys);

    /// <summary>
    /// Writes and commits. The next batch builds on the result, which is durable after a <see cref="SyncAsync"/>. After
    /// a fault nothing was written, or (StorageUnavailable, outcome unknown) the outcome must be looked up by key.
    /// Internal: the engine rejects a row, such as a second one with the same key.
    /// </summary>
    /// <returns>False: the engine rolled the transaction back because of a deadlock, or the rows read had changed.
    /// Nothing was written, and the batch must be begun and decided again.</returns>
    ValueTask<bool> CommitAsync(BatchWrites writes);

    /// <summary>
    /// Makes everything durable that was committed before the call. Only durable data may be answered or read.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: the outcome of those commits is unknown; the store can
    /// no longer be used.</exception>
    ValueTask SyncAsync();

    /// <summary>Rolls the transaction back.</summary>
    ValueTask RollbackAsync();
}

/// <summary>
/// Reads of one shard beside its writer; every read returns only committed and durable data. Thread-safe.
/// </summary>
public interface IShardReader : IAsyncDisposable
{
    /// <summary>The committed head positions.</summary>
    ValueTask<ShardHead> GetHeadAsync(CancellationToken cancel);

    /// <summary>
    /// The rows with these keys, a page of them in one call: for checks. Keys whose home is another shard are not read.
    /// Outcomes are read first: what one of them created is then found.
    /// </summary>
    ValueTask<BatchRows> GetRowsAsync(BatchKeys keys, CancellationToken cancel);

    /// <summary>The process that owns the shard; null if no owner has renewed it recently.</summary>
    ValueTask<ShardOwner?> GetOwnerAsync(CancellationToken cancel);

    ValueTask<AccountRow?> GetAccountAsync(Guid id, CancellationToken cancel);

    ValueTask<IReadOnlyList<AccountRow>> GetAccountsOfCustomerAsync(
        Guid customerId, int limit, CancellationToken cancel);

    /// <summary>Accounts after an id, in the order of ids: for checks and exports.</summary>
    ValueTask<IReadOnlyList<AccountRow>> GetAccountsAsync(Guid after, int limit, CancellationToken cancel);

    ValueTask<CustomerRow?> GetCustomerAsync(Guid id, CancellationToken cancel);

    /// <summary>Customers after an id, in the order of ids: for checks.</summary>
    ValueTask<IReadOnlyList<CustomerRow>> GetCustomersAsync(Guid after, int limit, CancellationToken cancel);

    /// <summary>Entries of an account with a version below <paramref name="beforeVersion"/>, newest first.</summary>
    ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        Guid accountId, long beforeVersion, int limit, CancellationToken cancel);

    /// <summary>Entries by their keys, each once and in no order; a key without an entry is left out.</summary>
    /// <exception cref="TidelineException">Corrupt: one of them cannot be read.</exception>
    ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(IReadOnlySet<EntryKey> keys, CancellationToken cancel);

    /// <summary>
    /// The newest entry at or before a time; null when there is none. Logarithmic: times grow with versions.
    /// </summary>
    ValueTask<EntryRow?> GetEntryAtAsync(Guid accountId, long timeUs, CancellationToken cancel);

    ValueTask<TransactionRow?> GetTransactionAsync(Guid id, CancellationToken cancel);

    /// <summary>Transactions by their ids, in no order; an id without a transaction is left out.</summary>
    /// <exception cref="TidelineException">Corrupt: one of them cannot be read.</exception>
    ValueTask<IReadOnlyList<TransactionRow>> GetTransactionsAsync(IReadOnlySet<Guid> ids, CancellationToken cancel);

    ValueTask<HoldRow?> GetHoldAsync(Guid id, CancellationToken cancel);

    /// <summary>Ids of holds after an id, in order: for checks.</summary>
    ValueTask<IReadOnlyList<Guid>> GetHoldIdsAsync(Guid after, int limit, CancellationToken cancel);

    /// <summary>Open holds that expired at or before a time.</summary>
    ValueTask<IReadOnlyList<HoldRow>> GetExpiredHoldsAsync(long atUs, int limit, CancellationToken cancel);

    ValueTask<OutcomeRow?> GetOutcomeAsync(Guid key, CancellationToken cancel);

    /// <summary>The newest outcomes, newest first: for checks.</summary>
    ValueTask<IReadOnlyList<OutcomeRow>> GetLastOutcomesAsync(int limit, CancellationToken cancel);

    ValueTask<ClaimRow?> GetClaimAsync(ClaimKey key, CancellationToken cancel);

    /// <summary>Claims of a space after a name, in the order of names: for checks.</summary>
    ValueTask<IReadOnlyList<ClaimRow>> GetClaimsAsync(ClaimKey after, int limit, CancellationToken cancel);

    ValueTask<AggregateRow?> GetAggregateAsync(Guid id, CancellationToken cancel);

    /// <summary>
    /// Aggregates whose wake time has come and whose kind begins with a prefix (empty: all), earliest first.
    /// </summary>
    ValueTask<IReadOnlyList<AggregateRow>> GetDueAggregatesAsync(
        string kindPrefix, long atUs, int limit, CancellationToken cancel);

    /// <summary>Aggregates after an id, in the order of ids.</summary>
    ValueTask<IReadOnlyList<AggregateRow>> GetAggregatesAsync(
        AggregateFilter which, Guid after, int limit, CancellationToken cancel);

    /// <summary>The kinds of the selected aggregates, in order.</summary>
    ValueTask<IReadOnlyList<string>> GetAggregateKindsAsync(AggregateFilter which, CancellationToken cancel);

    /// <summary>Events after a sequence number, in order.</summary>
    ValueTask<IReadOnlyList<LedgerEvent>> GetEventsAsync(long afterSeq, int limit, CancellationToken cancel);

    /// <summary>Messages to other shards after a sequence number, in order.</summary>
    ValueTask<IReadOnlyList<MessageRow>> GetMessagesAsync(long afterSeq, int limit, CancellationToken cancel);

    /// <summary>Audit blocks after a number, in order.</summary>
    ValueTask<IReadOnlyList<AuditBlockRow>> GetBlocksAsync(long afterNumber, int limit, CancellationToken cancel);

    /// <summary>
    /// Sum of posted balances per currency over all accounts, and the number of accounts, in one snapshot.
    /// </summary>
    ValueTask<IReadOnlyList<(Currency Currency, Int128 PostedMinor, long Accounts)>> GetTotalsAsync(
        CancellationToken cancel);

    /// <summary>
    /// Violations of I2, each with a sentence: accounts whose balance is not the fold of their entries, whose entry
    /// versions have gaps, or whose held amount is not the sum of their open holds; and settlement accounts whose
    /// announced amount is not the sum of all open holds in their currency. One snapshot; up to
    /// <paramref name="limit"/> findings. With <paramref name="claims"/> also accounts whose returnable amount differs
    /// from what aggregates may return to them, and suspense accounts that do not hold what aggregates have on them.
    /// </summary>
    ValueTask<IReadOnlyList<string>> FindBrokenBalancesAsync(
        int limit, CancellationToken cancel, AggregateClaims? claims = null);
}

/// <summary>Opens the shards of an installation.</summary>
public interface ILedgerStore : IAsyncDisposable
{
    /// <summary>Maps ids to shards; fixed when the data was created.</summary>
    ShardMap Map { get; }

    /// <summary>The group of servers that holds each shard; an engine without groups has one.</summary>
    Placement Placement => Placement.Over(Map.Shards, 1);

    /// <summary>This process as an owner of shards, as other processes see it.</summary>
    ShardOwner Self { get; }

    /// <summary>
    /// Whether a batch of a shard can read and reserve, in its own transaction, keys whose home is another shard: both
    /// shards are in one database system. Two batches that reserve the same key conflict as in a deadlock: the later
    /// one is decided again.
    /// </summary>
    bool TakesKeysOf(int shard, int home);

    /// <summary>
    /// The installation epochs of a shard when the store was opened, oldest first; empty for a shard that does not
    /// exist.
    /// </summary>
    IReadOnlyList<EpochRow> Epochs(int shard);

    /// <summary>Begins an installation epoch on a shard without an owner. Durable when it returns.</summary>
    /// <exception cref="TidelineException">StorageUnavailable.</exception>
    ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel);

    /// <summary>The writer of a shard.</summary>
    IShardStore OpenWriter(int shard);

    /// <summary>The reader of a shard.</summary>
    IShardReader OpenReader(int shard);
}

/// <summary>The head of a shard: last event, message and audit block, and the newest commit time.</summary>
public sealed record ShardHead(int Shard,
    long Epoch, long EventSeq, long MessageSeq, long BlockNumber, byte[] BlockHash, long BlockThroughSeq, long TimeUs);

/// <summary>The keys that a batch needs to read. The sets may contain ids that do not exist.</summary>
public sealed class BatchKeys
{
    public HashSet<Guid> Outcomes { get; } = [];

    /// <summary>Keys whose home is another shard, by home: <see cref="ILedgerStore.TakesKeysOf"/>.</summary>
    public Dictionary<int, HashSet<Guid>> KeysElsewhere { get; } = [];

    /// <summary>Adds a key whose home is another shard.</summary>
    internal void AddElsewhere(int home, Guid key)
    {
        if (!KeysElsewhere.TryGetValue(home, out var keys)) KeysElsewhere.Add(home, keys = []);
        keys.Add(key);
    }

    /// <summary>
    /// Adds an id that a client chose for something new, so that anything that already has it is found.
    /// </summary>
    internal void AddNew(Guid id)
    {
        foreach (var ids in (HashSet<Guid>[])[Accounts, Customers, Holds, Aggregates, Transactions]) ids.Add(id);
    }

    public HashSet<Guid> Accounts { get; } = [];

    public HashSet<Guid> Customers { get; } = [];

    public HashSet<Guid> Holds { get; } = [];

    public HashSet<Guid> Aggregates { get; } = [];

    /// <summary>Transactions whose existence is checked.</summary>
    public HashSet<Guid> Transactions { get; } = [];

    public HashSet<ClaimKey> Claims { get; } = [];
}

/// <summary>
/// The rows that were read. The decision changes them in place, so that later commands of the batch see earlier ones.
/// </summary>
public sealed class BatchRows
{
    public Dictionary<Guid, OutcomeRow> Outcomes { get; } = [];

    /// <summary>The outcomes of <see cref="BatchKeys.KeysElsewhere"/> at their home shards.</summary>
    public Dictionary<Guid, OutcomeRow> KeysElsewhere { get; } = [];

    public Dictionary<Guid, AccountRow> Accounts { get; } = [];

    public Dictionary<Guid, CustomerRow> Customers { get; } = [];

    public Dictionary<Guid, HoldRow> Holds { get; } = [];

    public Dictionary<Guid, AggregateRow> Aggregates { get; } = [];

    public HashSet<Guid> Transactions { get; } = [];

    public Dictionary<ClaimKey, ClaimRow> Claims { get; } = [];
}

/// <summary>
/// The rows that a batch writes. Accounts, holds, aggregates and claims are inserted or replaced as a whole; everything
/// else is only inserted.
/// </summary>
public sealed class BatchWrites
{
    /// <summary>New accounts, each once.</summary>
    public List<AccountRow> NewAccounts { get; } = [];

    /// <summary>Existing accounts that changed, each once, in their last state.</summary>
    public List<AccountRow> ChangedAccounts { get; } = [];

    public List<CustomerRow> NewCustomers { get; } = [];

    public List<TransactionRow> Transactions { get; } = [];

    public List<EntryRow> Entries { get; } = [];

    /// <summary>New or changed holds, each once.</summary>
    public List<HoldRow> Holds { get; } = [];

    public List<OutcomeRow> Outcomes { get; } = [];

    /// <summary>Keys that are reserved at their homes, on other shards.</summary>
    public List<(int Home, OutcomeRow Taken)> KeysElsewhere { get; } = [];

    /// <summary>Claims by their keys, in their last state; null: the name is free again.</summary>
    public Dictionary<ClaimKey, ClaimRow?> Claims { get; } = [];

    /// <summary>New aggregates, each once, in their last state.</summary>
    public List<AggregateRow> NewAggregates { get; } = [];

    /// <summary>Existing aggregates that changed, each once, in their last state.</summary>
    public List<AggregateRow> ChangedAggregates { get; } = [];

    public List<LedgerEvent> Events { get; } = [];

    public List<MessageRow> Messages { get; } = [];

    public List<AuditBlockRow> Blocks { get; } = [];

    /// <summary>Messages up to this number are on the log and may be deleted; 0 if none may.</summary>
    public long ForgetMessagesThrough { get; set; }

    /// <summary>The commit time of the batch, microseconds.</summary>
    public long TimeUs { get; set; }
}
