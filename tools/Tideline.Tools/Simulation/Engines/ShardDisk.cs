using Tideline.Kernel;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// One shard on a disk: its history, of which a part is durable, and the rows that the whole of it and the durable part
/// of it add up to. Under the lock of its <see cref="LedgerDisk"/>.
/// </summary>
internal sealed class ShardDisk(int shard)
{
    private readonly List<ShardChange> _history = [];
    private int _durable;
    private TaskCompletionSource? _sync;

    /// <summary>What a batch reads: everything that was committed.</summary>
    public ShardTables Written { get; private set; } = new(shard);

    /// <summary>What is still there after the power fails.</summary>
    public ShardTables Durable { get; private set; } = new(shard);

    /// <summary>Batches that are committed and not durable.</summary>
    public int Unsynced => _history.Count - _durable;

    /// <summary>The first time that two batches had; null: each was later than the one before.</summary>
    public long? RepeatedUs { get; private set; }

    /// <summary>How many changes are durable: a point to return to.</summary>
    public int DurableChanges => _durable;

    /// <summary>How often something that was committed was lost.</summary>
    public long Losses { get; private set; }

    /// <summary>When the owner's lease ends.</summary>
    public long LeaseUntilUs { get; set; }

    /// <summary>When a process last asked for the shard that prefers it.</summary>
    public long WantedUs { get; set; } = long.MinValue;

    /// <summary>Completes when all that is written now is durable; faults when it is lost.</summary>
    public Task NextSync =>
        (_sync ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Commits a batch, which is not durable yet.</summary>
    public void Commit(Action<ShardTables> apply)
    {
        var beforeUs = Written.TimeUs;
        Add(new ShardChange(apply, IsBatch: true));
        if (Written.TimeUs == beforeUs) RepeatedUs ??= beforeUs;
    }

    /// <summary>Carries out what is no batch, durably with everything before it.</summary>
    public void Change(Action<ShardTables> apply)
    {
        Add(new ShardChange(apply, IsBatch: false));
        Sync();
    }

    /// <summary>Makes everything durable that is written.</summary>
    public void Sync()
    {
        while (_durable < _history.Count) _history[_durable++].Apply(Durable);
        _sync?.TrySetResult();
        _sync = null;
    }

    /// <summary>The first batches that were not durable are so after all; the others are gone.</summary>
    public void Crash(int survivors)
    {
        for (var left = Math.Min(survivors, Unsynced); left > 0; left--) _history[_durable++].Apply(Durable);
        if (Unsynced == 0)
        {
            Sync();
            return;
        }

        _history.RemoveRange(_durable, Unsynced);
        Written = Durable.Copy();
        Lose();
    }

    /// <summary>The newest durable batches are gone, and with them what came after the oldest of them.</summary>
    public void LoseTail(int batches)
    {
        Crash(survivors: 0);
        var at = _history.Count;
        for (var left = batches; left > 0; left--)
        {
            var batch = at == 0 ? -1 : _history.FindLastIndex(at - 1, change => change.IsBatch);
            if (batch < 0) break;
            at = batch;
        }

        ReturnTo(at);
    }

    /// <summary>The state that the shard had when so many of its changes were durable.</summary>
    public void ReturnTo(int changes)
    {
        Crash(survivors: 0);
        if (changes >= _history.Count) return;
        _history.RemoveRange(changes, _history.Count - changes);
        (Durable, _durable) = (new ShardTables(shard), _history.Count);
        foreach (var change in _history) change.Apply(Durable);
        Written = Durable.Copy();
        Lose();
    }

    private void Add(ShardChange change)
    {
        change.Apply(Written);
        _history.Add(change);
    }

    private void Lose()
    {
        Losses++;
        _sync?.TrySetException(new TidelineException(
            ErrorCode.StorageUnavailable, $"What was read of shard {shard} was lost before it was durable."));
        _sync = null;
    }
}
