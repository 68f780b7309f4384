using System.Collections.Concurrent;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Answers every command that a shard keeps longer than <see cref="LedgerLimits.ShardAnswerMs"/>, whatever its engine
/// does. A command that is still queued is withdrawn and fails: it had no effect. A command that is being committed
/// fails with an unknown outcome.
/// </summary>
internal sealed class AnswerLimit : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(LedgerLimits.ShardAnswerLookMs);
    private readonly ConcurrentQueue<PendingCommand[]> _taken = new();
    private readonly Lock _looking = new();
    private readonly Func<long, IReadOnlyList<PendingCommand>> _withdraw;
    private readonly int _shard;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    /// <param name="shard">The shard, for error messages.</param>
    /// <param name="withdraw">Removes the commands from the queue that have waited since before a timestamp.</param>
    /// <param name="time">Its timestamps are monotonic: clients wait, whatever the time of day is set to.</param>
    public AnswerLimit(int shard, Func<long, IReadOnlyList<PendingCommand>> withdraw, TimeProvider time)
    {
        (_shard, _withdraw, _time) = (shard, withdraw, time);
        _timer = time.CreateTimer(_ => Answer(), null, Look, Look);
    }

    /// <summary>
    /// Watches the commands of a batch from the moment it leaves the queue. Called only on the writer's thread.
    /// </summary>
    public void Add(PendingCommand[] batch)
    {
        _taken.Enqueue(batch);
        // Drop answered batches now rather than at the next check: they would be promoted to an older GC generation.
        ForgetEnded();
    }

    public void Dispose() => _timer.Dispose();

    private void Answer()
    {
        // If a check takes long, the next one does not join it.
        if (!_looking.TryEnter()) return;
        try
        {
            var before = _time.GetTimestamp() - (LedgerLimits.ShardAnswerMs * _time.TimestampFrequency / 1_000);
            foreach (var waiting in _withdraw(before))
                waiting.Fail(Late($"did not reach the command within {LedgerLimits.ShardAnswerMs / 1_000.0} s; "
                    + "it had no effect. Repeat it with the same key."));
            foreach (var batch in _taken)
            {
                foreach (var pending in batch)
                {
                    if (pending.IsEnded || pending.Since >= before) continue;
                    pending.Fail(Late($"did not confirm the commit within {LedgerLimits.ShardAnswerMs / 1_000.0} s. "
                        + "A repeat with the same key returns the outcome."));
                }
            }

        }
        finally
        {
            _looking.Exit();
        }
    }

    private void ForgetEnded()
    {
        while (_taken.TryPeek(out var oldest) && Array.TrueForAll(oldest, static pending => pending.IsEnded))
            _taken.TryDequeue(out _);
    }

    private TidelineException Late(string what) => new(ErrorCode.StorageUnavailable, $"Shard {_shard} {what}");
}
