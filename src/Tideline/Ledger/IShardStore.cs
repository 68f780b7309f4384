using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Ledger;

/// <summary>
/// One shard of the strong tier, for its one writer. A group commit is <see cref="BeginAsync"/> (the named rows as the
/// last commit left them), a decision in memory,
/// <see cref="CommitAsync"/> (in one transaction, which the epoch fences), and <see cref="SyncAsync"/>, which may run
/// on another thread while the next group is decided. One contract, several engines (SQLite, MySQL).
/// </summary>
public interface IShardStore : IAsyncDisposable
{
    /// <summary>The shard.</summary>
    int Shard { get; }

    /// <summary>
    /// Whether <see cref="CommitAsync"/> waits for a disk or another machine; else <see cref="SyncAsync"/> does, while
    /// the next batch is decided.
    /// </summary>
    bool WaitsAtCommit { get; }

    /// <summary>
    /// Ends when a process that prefers the shard asks this one for it, which does not; an owner finds that out while
    /// it commits or renews. Never where nobody can.
    /// </summary>
    Task Wanted { get; }

    /// <summary>
    /// Takes ownership with a new epoch and tells where the shard stands. Disposing releases it. One that another
    /// process owns, or is to have first, is asked for where this process prefers it and that one does not; it may be
    /// tried again on the same store.
    /// </summary>
    /// <exception cref="TidelineException">AlreadyOwned: another process owns it, and was heard of lately.
    /// IncompatibleData: a newer format.</exception>
    ValueTask<ShardHead> AcquireAsync(CancellationToken cancel);

    /// <summary>
    /// Keeps the shard for an owner that has had nothing to commit for a while; a commit does that too. Between two
    /// batches only.
    /// </summary>
    /// <exception cref="TidelineException">NotOwner: another one took over. StorageUnavailable: it could not be
    /// renewed; that is to be tried again.</exception>
    ValueTask RenewAsync();

    /// <summary>
    /// Begins the batch and gives the rows that it needs, to be changed in place. Keys that are not among them are
    /// free, or <see cref="CommitAsync"/> says that the batch is to be decided anew. What was given is answered to
    /// nobody before that.
    /// </summary>
    /// <exception cref="TidelineException">NotOwner: a newer epoch exists, which may also be found out by the
    /// commit.</exception>
    ValueTask<BatchRows> BeginAsync(BatchKeys keys);

    /// <summary>
    /// Writes and commits: the next batch builds on it; durable after a <see cref="SyncAsync"/>. After a fault nothing
    /// of it is there, or (StorageUnavailable, fate unknown) look up by key. Internal: the engine refuses a row of it,
    /// such as a second one with the same key.
    /// </summary>
    /// <returns>False: the engine gave the transaction up for another one (deadlock), or something was not as it was
    /// given; nothing of it is there, and the batch is to be begun and decided anew.</returns>
    ValueTask<bool> CommitAsync(BatchWrites writes);

    /// <summary>
    /// Makes everything durable that was committed before the call. Nothing else may be answered or read by anybody.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: the fate of those commits is unknown; the store is of no
    /// use any more.</exception>
    ValueTask SyncAsync();

    /// <summary>Drops the transaction.</summary>
    ValueTask RollbackAsync();
}

/// <summary>
/// Reads of one shard beside its writer; every read answers only what is committed and durable. Safe for many threads.
/// </summary>
public interface IShardReader : IAsyncDisposable
{
    /// <summary>Head positions as committed.</summary>
    ValueTask<ShardHead> GetHeadAsync(CancellationToken cancel);

    /// <summary>The process that owns the shard; null when none was heard of lately.</summary>
    ValueTask<ShardOwner?> GetOwnerAsync(CancellationToken cancel);

    ValueTask<AccountRow?> GetAccountAsync(Guid id, CancellationToken cancel);

    ValueTask<IReadOnlyList<AccountRow>> GetAccountsOfCustomerAsync(
        Guid customerId, int limit, CancellationToken cancel);

    /// <summary>Accounts in the order of their ids, after one: for checks and exports.</summary>
    ValueTask<IReadOnlyList<AccountRow>> GetAccountsAsync(Guid after, int limit, CancellationToken cancel);

    ValueTask<CustomerRow?> GetCustomerAsync(Guid id, CancellationToken cancel);

    /// <summary>Customers in the order of their ids, after one: for checks.</summary>
    ValueTask<IReadOnlyList<CustomerRow>> GetCustomersAsync(Guid after, int limit, CancellationToken cancel);

    /// <summary>Entries of an account with a version below <paramref name="beforeVersion"/>, newest first.</summary>
    ValueTask<IReadOnlyList<EntryRow>> GetEntriesAsync(
        Guid accountId, long beforeVersion, int limit, CancellationToken cancel);

    /// <summary>
    /// The newest entry at or before a time; null when there is none. Logarithmic: times grow with versions.
    /// </summary>
    ValueTask<EntryRow?> GetEntryAtAsync(Guid accountId, long timeUs, CancellationToken cancel);

    ValueTask<TransactionRow?> GetTransactionAsync(Guid id, CancellationToken cancel);

    ValueTask<HoldRow?> GetHoldAsync(Guid id, CancellationToken cancel);

    /// <summary>The ids of holds after one, in order: for checks.</summary>
    ValueTask<IReadOnlyList<Guid>> GetHoldIdsAsync(Guid after, int limit, CancellationToken cancel);

    /// <summary>Open holds that expired at or before a time.</summary>
    ValueTask<IReadOnlyList<HoldRow>> GetExpiredHoldsAsync(long atUs, int limit, CancellationToken cancel);

    ValueTask<OutcomeRow?> GetOutcomeAsync(Guid key, CancellationToken cancel);

    /// <summary>The newest outcomes, newest first: for checks.</summary>
    ValueTask<IReadOnlyList<OutcomeRow>> GetLastOutcomesAsync(int limit, CancellationToken cancel);

    ValueTask<ClaimRow?> GetClaimAsync(ClaimKey key, CancellationToken cancel);

    /// <summary>Claims of a space in the order of their names, after one: for checks.</summary>
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

    /// <summary>The kinds of aggregates that there are, in order.</summary>
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
    /// Accounts for which balance = fold of entries does not hold, or whose entry versions have gaps (I2), or whose
    /// held amount is not the sum of open holds, and settlement accounts that do not await all open holds of their
    /// currency; each with a sentence. One snapshot; up to <paramref name="limit"/> findings. With
    /// <paramref name="claims"/> also accounts whose returnable amount is not what aggregates may give back to them,
    /// and suspense accounts that do not hold what aggregates have there.
    /// </summary>
    ValueTask<IReadOnlyList<string>> FindBrokenBalancesAsync(
        int limit, CancellationToken cancel, AggregateClaims? claims = null);
}

/// <summary>Opens the shards of an installation.</summary>
public interface ILedgerStore : IAsyncDisposable
{
    /// <summary>How ids map to shards; fixed when the data was made.</summary>
    ShardMap Map { get; }

    /// <summary>Which group of servers holds each shard; an engine without groups has one.</summary>
    Placement Placement => Placement.Over(Map.Shards, 1);

    /// <summary>This process as the owner of shards, as others see it.</summary>
    ShardOwner Self { get; }

    /// <summary>
    /// Whether a batch of a shard reads and takes, in its own transaction, keys whose home is another shard: both lie
    /// in one database system. Two batches that take the same key meet as in a deadlock: the later one is decided anew.
    /// </summary>
    bool TakesKeysOf(int shard, int home);

    /// <summary>
    /// The installation epochs of a shard as they stood when the store was opened, oldest first; empty for a shard that
    /// is not there.
    /// </summary>
    IReadOnlyList<EpochRow> Epochs(int shard);

    /// <summary>Begins an installation epoch on a shard that nobody owns. Durable when it returns.</summary>
    /// <exception cref="TidelineException">StorageUnavailable.</exception>
    ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel);

    /// <summary>The writer of a shard.</summary>
    IShardStore OpenWriter(int shard);

    /// <summary>The reader of a shard.</summary>
    IShardReader OpenReader(int shard);
}

/// <summary>Where a shard stands: last event, message and audit block, and the newest commit time.</summary>
public sealed record ShardHead(int Shard,
    long Epoch, long EventSeq, long MessageSeq, long BlockNumber, byte[] BlockHash, long BlockThroughSeq, long TimeUs);

/// <summary>What a batch needs to read. Sets may hold ids that do not exist.</summary>
public sealed class BatchKeys
{
    public HashSet<Guid> Outcomes { get; } = [];

    /// <summary>Keys by their home, where that is another shard: <see cref="ILedgerStore.TakesKeysOf"/>.</summary>
    public Dictionary<int, HashSet<Guid>> KeysElsewhere { get; } = [];

    /// <summary>Adds a key whose home is another shard.</summary>
    internal void AddElsewhere(int home, Guid key)
    {
        if (!KeysElsewhere.TryGetValue(home, out var keys)) KeysElsewhere.Add(home, keys = []);
        keys.Add(key);
    }

    /// <summary>Adds an id that a client brings for something new: whatever has it already is looked up.</summary>
    internal void AddNew(Guid id)
    {
        foreach (var ids in (HashSet<Guid>[])[Accounts, Customers, Holds, Aggregates, Transactions]) ids.Add(id);
    }

    public HashSet<Guid> Accounts { get; } = [];

    public HashSet<Guid> Customers { get; } = [];

    public HashSet<Guid> Holds { get; } = [];

    public HashSet<Guid> Aggregates { get; } = [];

    /// <summary>Transactions whose existence matters.</summary>
    public HashSet<Guid> Transactions { get; } = [];

    public HashSet<ClaimKey> Claims { get; } = [];
}

/// <summary>
/// What was read. The decision changes it in place, so that later commands of the batch see earlier ones.
/// </summary>
public sealed class BatchRows
{
    public Dictionary<Guid, OutcomeRow> Outcomes { get; } = [];

    /// <summary>What the homes of <see cref="BatchKeys.KeysElsewhere"/> know of them.</summary>
    public Dictionary<Guid, OutcomeRow> KeysElsewhere { get; } = [];

    public Dictionary<Guid, AccountRow> Accounts { get; } = [];

    public Dictionary<Guid, CustomerRow> Customers { get; } = [];

    public Dictionary<Guid, HoldRow> Holds { get; } = [];

    public Dictionary<Guid, AggregateRow> Aggregates { get; } = [];

    public HashSet<Guid> Transactions { get; } = [];

    public Dictionary<ClaimKey, ClaimRow> Claims { get; } = [];
}

/// <summary>
/// What a batch writes. Accounts, holds, aggregates and claims are inserted or replaced whole; everything else is only
/// ever inserted.
/// </summary>
public sealed class BatchWrites
{
    /// <summary>New accounts, each once.</summary>
    public List<AccountRow> NewAccounts { get; } = [];

    /// <summary>Accounts that were there and changed, each once, with their last state.</summary>
    public List<AccountRow> ChangedAccounts { get; } = [];

    public List<CustomerRow> NewCustomers { get; } = [];

    public List<TransactionRow> Transactions { get; } = [];

    public List<EntryRow> Entries { get; } = [];

    /// <summary>New or changed holds, each once.</summary>
    public List<HoldRow> Holds { get; } = [];

    public List<OutcomeRow> Outcomes { get; } = [];

    /// <summary>Keys that are taken at their homes, on other shards.</summary>
    public List<(int Home, OutcomeRow Taken)> KeysElsewhere { get; } = [];

    /// <summary>Claims by their keys, with their last state; null: the name is free again.</summary>
    public Dictionary<ClaimKey, ClaimRow?> Claims { get; } = [];

    /// <summary>New aggregates, each once, with their last state.</summary>
    public List<AggregateRow> NewAggregates { get; } = [];

    /// <summary>Aggregates that were there and changed, each once, with their last state.</summary>
    public List<AggregateRow> ChangedAggregates { get; } = [];

    public List<LedgerEvent> Events { get; } = [];

    public List<MessageRow> Messages { get; } = [];

    public List<AuditBlockRow> Blocks { get; } = [];

    /// <summary>Messages up to here are on the log and may go; 0 when nothing may.</summary>
    public long ForgetMessagesThrough { get; set; }

    /// <summary>The commit time of the batch, microseconds.</summary>
    public long TimeUs { get; set; }
}
