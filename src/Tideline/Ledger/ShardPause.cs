namespace Tideline.Ledger;

/// <summary>
/// A shard's writer paused between two batches. Commands queue meanwhile. It continues when released, or by itself
/// after <see cref="LedgerLimits.BackupCutMs"/>.
/// </summary>
internal sealed class ShardPause
{
    private readonly object _gate = new();
    private readonly TaskCompletionSource _stands = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isReleased;

    // The writer continued by itself: what was read since is not of one moment.
    private bool _isOver;

    /// <summary>Completes when the writer is paused.</summary>
    public Task Stands => _stands.Task;

    /// <summary>Pauses, on the writer's thread.</summary>
    public void Stand()
    {
        _stands.TrySetResult();
        lock (_gate)
        {
            if (!_isReleased) Monitor.Wait(_gate, LedgerLimits.BackupCutMs);
            _isOver = !_isReleased;
        }
    }

    /// <summary>Lets the writer continue.</summary>
    /// <returns>False: it had already continued by itself.</returns>
    public bool Release()
    {
        lock (_gate)
        {
            if (_isOver) return false;
            _isReleased = true;
            Monitor.Pulse(_gate);
            return true;
        }
    }
}
