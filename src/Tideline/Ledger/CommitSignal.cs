namespace Tideline.Ledger;

/// <summary>
/// The committed head of a shard, and a way to wait for it to move. Every part that learns of a newer head reports it
/// here; the head never goes back.
/// </summary>
internal sealed class CommitSignal(long eventSeq, long messageSeq, long timeUs)
{
    private sealed record State(long EventSeq, long MessageSeq, long TimeUs, TaskCompletionSource Moved);

    private readonly Lock _gate = new();
    private State _state = new(eventSeq, messageSeq, timeUs, New());

    public (long EventSeq, long MessageSeq, long TimeUs) Head
    {
        get
        {
            var state = Volatile.Read(ref _state);
            return (state.EventSeq, state.MessageSeq, state.TimeUs);
        }
    }

    /// <summary>Moves the head to at least these values. A value that is not known is 0.</summary>
    public void Reach(long eventSeq, long messageSeq, long timeUs)
    {
        State before;
        lock (_gate)
        {
            before = _state;
            var isMoved = before.EventSeq < eventSeq || before.MessageSeq < messageSeq;
            if (!isMoved && before.TimeUs >= timeUs) return;
            var (events, messages) = (Math.Max(before.EventSeq, eventSeq), Math.Max(before.MessageSeq, messageSeq));
            // No caller waits for the time alone.
            var moved = isMoved ? New() : before.Moved;
            Volatile.Write(ref _state, new State(events, messages, Math.Max(before.TimeUs, timeUs), moved));
            if (!isMoved) return;
        }

        before.Moved.TrySetResult();
    }

    public async ValueTask WaitAsync(
        long afterEventSeq, long afterMessageSeq, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        var state = Volatile.Read(ref _state);
        if (state.EventSeq > afterEventSeq || state.MessageSeq > afterMessageSeq) return;
        try
        {
            await state.Moved.Task.WaitAsync(timeout, time, cancel);
        }
        catch (TimeoutException)
        {
            // Nothing moved: the caller polls again, as it would anyway.
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
