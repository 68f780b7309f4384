using Tideline.Engines.Ledger;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// The writer of one shard of a <see cref="LedgerDisk"/>. The disk names the writer; one that another has replaced
/// there is refused.
/// </summary>
internal sealed class SimulatedShardStore(
    LedgerDisk disk, int shard, ShardLease lease, SimulatedLedgerStore store, TimeProvider time) : IShardStore
{
    private readonly long _writer = disk.NextWriter();
    private readonly GaplessHead _gapless = new(shard);
    private readonly TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _epoch;
    private long _commits;
    private long _losses;

    // Keys that had no row when the batch was begun; null while none is.
    private List<(int Home, Guid Key)>? _free;

    /// <inheritdoc/>
    public int Shard => shard;

    /// <inheritdoc/>
    public bool WaitsAtCommit => disk.IsDurableAtCommit;

    /// <inheritdoc/>
    /// <remarks>Servers are durable at commit, and have leases; a file has one process.</remarks>
    public bool HasLease => disk.IsDurableAtCommit;

    /// <inheritdoc/>
    public Task Wanted => _wanted.Task;

    /// <inheritdoc/>
    public ValueTask<ShardHead> AcquireAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (disk.Gate)
        {
            var there = disk.Of(shard);
            lease.RequireFree(there, _writer, time.NowUs());
            RequireNewestEpoch(there);
            var owner = new OwnerRow(_writer, store.Self, lease.Keeps);
            // Durable with all before it: the next owner builds on what it finds.
            there.Change(tables => (tables.Owner, tables.Epoch) = (owner, tables.Epoch + 1));
            lease.Begin(there, time.NowUs());
            var head = there.Written.Head;
            _gapless.MoveTo(head.EventSeq, head.MessageSeq);
            (_epoch, _commits, _losses) = (head.Epoch, there.Written.Commits, there.Losses);
            return ValueTask.FromResult(head);
        }
    }

    /// <inheritdoc/>
    public ValueTask RenewAsync()
    {
        lock (disk.Gate)
        {
            var there = disk.Of(shard);
            RequireOwner(there);
            Renew(there);
            return ValueTask.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public ValueTask<BatchRows> BeginAsync(BatchKeys keys)
    {
        lock (disk.Gate)
        {
            var there = disk.Of(shard);
            RequireOwner(there);
            var rows = RowReader.Read(there.Written, keys);
            _free = [];
            foreach (var key in keys.Outcomes)
            {
                if (!rows.Outcomes.ContainsKey(key)) _free.Add((shard, key));
            }

            foreach (var (home, elsewhere) in keys.KeysElsewhere) ReadElsewhere(home, elsewhere, rows, _free);
            return ValueTask.FromResult(rows);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> CommitAsync(BatchWrites writes)
    {
        lock (disk.Gate)
        {
            var free = _free
                ?? throw new TidelineException(ErrorCode.Internal, "A batch cannot be committed before it is begun.");
            _free = null;
            var there = disk.Of(shard);
            RequireOwner(there);
            // Another shard took one of them meanwhile.
            foreach (var (home, key) in free)
            {
                if (disk.Of(home).Written.Outcomes.Contains(key)) return ValueTask.FromResult(false);
            }

            var (eventSeq, messageSeq) = _gapless.After(writes);
            NewRows.Require(there.Written, writes);
            RequireFree(writes.KeysElsewhere);
            Write(there, BatchCopy.Of(writes));
            _gapless.MoveTo(eventSeq, messageSeq);
            _commits++;
            Renew(there);
            return ValueTask.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public ValueTask SyncAsync()
    {
        lock (disk.Gate)
        {
            var there = disk.Of(shard);
            if (there.Losses != _losses) throw new TidelineException(
                ErrorCode.StorageUnavailable, $"The disk of shard {shard} lost batches before they were durable.");
            there.Sync();
            return ValueTask.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public ValueTask RollbackAsync()
    {
        _free = null;
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives the shard free.</summary>
    public ValueTask DisposeAsync()
    {
        lock (disk.Gate)
        {
            var there = disk.Of(shard);
            if (there.Written.Owner?.Writer == _writer)
                there.LeaseUntilUs = Math.Min(there.LeaseUntilUs, time.NowUs());
            return ValueTask.CompletedTask;
        }
    }

    private void Write(ShardDisk there, BatchWrites writes)
    {
        there.Commit(tables => tables.Apply(writes));
        // A transaction of two shards ends on both or on neither, so it does not wait for the sync.
        if (disk.IsDurableAtCommit || writes.KeysElsewhere.Count > 0) there.Sync();
        foreach (var (home, taken) in writes.KeysElsewhere)
            disk.Of(home).Change(tables => tables.Outcomes.Add(taken));
    }

    private void ReadElsewhere(int home, HashSet<Guid> keys, BatchRows rows, List<(int Home, Guid Key)> free)
    {
        // An engine whose shards stand alone reads none of them.
        if (!disk.TakesKeysOf(shard, home)) return;
        var there = disk.Of(home);
        foreach (var key in keys)
        {
            if (there.Written.Outcomes.Get(key) is { } row)
            {
                // This shard answers by it, whatever becomes of the other one.
                if (!there.Durable.Outcomes.Contains(key)) there.Sync();
                rows.KeysElsewhere.Add(key, row);
            }
            else free.Add((home, key));
        }
    }

    private void RequireFree(List<(int Home, OutcomeRow Taken)> keys)
    {
        foreach (var (home, taken) in keys)
        {
            if (!disk.TakesKeysOf(shard, home)) throw new TidelineException(
                ErrorCode.Internal, $"Shard {shard} cannot take the key {taken.Key} of shard {home}.");
            if (disk.Of(home).Written.Outcomes.Contains(taken.Key))
                throw new TidelineException(ErrorCode.Internal, $"Outcome {taken.Key} already exists.");
        }
    }

    private void Renew(ShardDisk there)
    {
        var nowUs = time.NowUs();
        lease.Extend(there, nowUs);
        if (lease.IsWanted(there, nowUs)) _wanted.TrySetResult();
    }

    private void RequireOwner(ShardDisk there)
    {
        if (there.Written.Owner?.Writer != _writer || there.Written.Epoch != _epoch)
            throw new TidelineException(ErrorCode.NotOwner,
                $"Shard {shard} has epoch {there.Written.Epoch} and another writer: another process acquired it.");
        if (there.Losses != _losses)
            throw new TidelineException(ErrorCode.Corrupt, $"The disk holds {there.Written.Commits} of the {_commits} "
                + $"batches of shard {shard} that it took. The shard stops before anything is built on the loss.");
    }

    private void RequireNewestEpoch(ShardDisk there)
    {
        var (newest, known) = (there.Written.Epochs[^1].Number, store.Epochs(shard)[^1].Number);
        if (newest == known) return;
        throw new TidelineException(
            ErrorCode.NotOwner, $"Shard {shard} is in installation epoch {newest}, which began since this process "
                + $"started in epoch {known}. Restart it.");
    }
}
