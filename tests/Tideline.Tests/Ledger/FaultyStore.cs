using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Tests.Ledger;

/// <summary>
/// A store whose disk fails when a test says so: at the commit, or when what was committed must become durable.
/// </summary>
internal sealed class FaultyStore(ILedgerStore store) : ILedgerStore
{
    private long _commits;

    /// <summary>Every commit fails as on a full disk; nothing of it is there.</summary>
    public volatile bool IsFull;

    /// <summary>Every flush fails; nobody knows what is on the disk.</summary>
    public volatile bool IsBroken;

    /// <summary>Whether owners have a lease, as on servers.</summary>
    public bool HasLease { get; init; }

    /// <summary>No lease can be renewed.</summary>
    public volatile bool IsRenewalRefused;

    /// <summary>The shard whose flushes fail alone; -1 for none.</summary>
    public volatile int BrokenShard = -1;

    /// <summary>A batch with such an outcome is refused as by a constraint of the engine.</summary>
    public volatile Func<OutcomeRow, bool>? Refuses;

    /// <summary>Called before a shard commits; what it throws is what the commit ends with.</summary>
    public volatile Action<int>? BeforeCommit;

    /// <summary>Called with shard and name of each read; throws, or answers what the read waits for.</summary>
    public volatile Func<int, string, Task?>? BeforeRead;

    /// <summary>How often a commit was asked for.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    public ShardMap Map => store.Map;

    public ShardOwner Self => store.Self;

    public bool TakesKeysOf(int shard, int home) => store.TakesKeysOf(shard, home);

    public IReadOnlyList<EpochRow> Epochs(int shard) => store.Epochs(shard);

    public ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel) =>
        store.BeginEpochAsync(shard, epoch, cancel);

    public IShardStore OpenWriter(int shard) => new Writer(this, store.OpenWriter(shard));

    public IShardReader OpenReader(int shard) =>
        FaultyReader.Around(store.OpenReader(shard), read => BeforeRead?.Invoke(shard, read));

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private sealed class Writer(FaultyStore faults, IShardStore shard) : IShardStore
    {
        public int Shard => shard.Shard;

        public bool WaitsAtCommit => shard.WaitsAtCommit;

        public Task Wanted => shard.Wanted;

        public bool HasLease => faults.HasLease || shard.HasLease;

        public ValueTask<ShardHead> AcquireAsync(CancellationToken cancel) => shard.AcquireAsync(cancel);

        public ValueTask RenewAsync() => faults.IsRenewalRefused ? throw new TidelineException(
            ErrorCode.StorageUnavailable, "The store does not answer.") : shard.RenewAsync();

        public ValueTask<BatchRows> BeginAsync(BatchKeys keys) => shard.BeginAsync(keys);

        public ValueTask<bool> CommitAsync(BatchWrites writes)
        {
            Interlocked.Increment(ref faults._commits);
            faults.BeforeCommit?.Invoke(Shard);
            if (faults.IsFull) throw new TidelineException(ErrorCode.StorageUnavailable, "The disk is full.");
            if (faults.Refuses is { } refuses && writes.Outcomes.Exists(row => refuses(row)))
                throw new TidelineException(ErrorCode.Internal, "UNIQUE constraint failed.");
            return shard.CommitAsync(writes);
        }

        public ValueTask SyncAsync() => faults.IsBroken || faults.BrokenShard == Shard ? throw new TidelineException(
            ErrorCode.StorageUnavailable, "The disk does not answer.") : shard.SyncAsync();

        public ValueTask RollbackAsync() => shard.RollbackAsync();

        public ValueTask DisposeAsync() => shard.DisposeAsync();
    }
}
