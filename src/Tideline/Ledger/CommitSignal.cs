namespace Tideline.Ledger;

/// <summary>The committed head of a shard, and a way to wait for it to move.</summary>
internal sealed class CommitSignal(long eventSeq, long messageSeq, long timeUs)
{
    private sealed record State(long EventSeq, long MessageSeq, long TimeUs, TaskCompletionSource Moved);

    private State _state = new(eventSeq, messageSeq, timeUs, New());

    public (long EventSeq, long MessageSeq, long TimeUs) Head
    {
        get
        {
            var state = Volatile.Read(ref _state);
            return (state.EventSeq, state.MessageSeq, state.TimeUs);
        }
    }

    public void Set(long eventSeq, long messageSeq, long timeUs)
    {
        var before = Volatile.Read(ref _state);
        if (before.EventSeq == eventSeq && before.MessageSeq == messageSeq) return;
        Volatile.Write(ref _state, new State(eventSeq, messageSeq, timeUs, New()));
        before.Moved.TrySetResult();
    }

    public async ValueTask WaitAsync(long afterEventSeq, long afterMessageSeq, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        var state = Volatile.Read(ref _state);
        if (state.EventSeq > afterEventSeq || state.MessageSeq > afterMessageSeq) return;
        try
        {
            await state.Moved.Task.WaitAsync(timeout, time, cancel);
        }
        catch (TimeoutException)
        {
            // Nothing moved: the caller looks again, as it would anyway.
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
