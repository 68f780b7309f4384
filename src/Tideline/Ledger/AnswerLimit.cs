using System.Collections.Concurrent;
using System.Diagnostics;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Answers what a shard keeps longer than <see cref="Limits.ShardAnswerMs"/>, whatever its engine does: a command that
/// still waits for its turn is taken out and told that nothing happened; one that is being committed, that its fate is
/// unknown here.
/// </summary>
internal sealed class AnswerLimit : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(Limits.ShardAnswerLookMs);
    private readonly ConcurrentQueue<PendingCommand[]> _taken = new();
    private readonly Lock _looking = new();
    private readonly Func<long, IReadOnlyList<PendingCommand>> _withdraw;
    private readonly int _shard;
    private readonly Timer _timer;

    /// <param name="shard">The shard, for the sentences.</param>
    /// <param name="withdraw">Takes out of the queue what waits there since before a timestamp.</param>
    public AnswerLimit(int shard, Func<long, IReadOnlyList<PendingCommand>> withdraw)
    {
        (_shard, _withdraw) = (shard, withdraw);
        // Not the program's clock: clients wait in real time, whatever a clock is set to.
        _timer = new Timer(_ => Answer(), null, Look, Look);
    }

    /// <summary>
    /// Watches over the commands of a batch from when it is taken out of the queue. For the writer's thread alone.
    /// </summary>
    public void Add(PendingCommand[] batch)
    {
        _taken.Enqueue(batch);
        // What is answered is let go soon, not at the next look: it would outlive its generation.
        ForgetEnded();
    }

    public void Dispose() => _timer.Dispose();

    private void Answer()
    {
        // A look that takes long is not joined by the next one.
        if (!_looking.TryEnter()) return;
        try
        {
            var before = Stopwatch.GetTimestamp() - (Limits.ShardAnswerMs * Stopwatch.Frequency / 1_000);
            foreach (var waiting in _withdraw(before))
                waiting.Fail(Late($"did not come to the command within {Limits.ShardAnswerMs / 1_000.0} s; "
                    + "nothing of it happened. Repeat it with the same key."));
            foreach (var batch in _taken)
            {
                foreach (var pending in batch)
                {
                    if (pending.IsEnded || pending.Since >= before) continue;
                    pending.Fail(Late($"did not confirm the commit within {Limits.ShardAnswerMs / 1_000.0} s. "
                        + "A repeat with the same key finds out."));
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
