using System.Diagnostics;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>A command that waits for its commit. Continuations never run on the writer's thread.</summary>
internal abstract class PendingCommand(LedgerCommand command)
{
    private int _ended;

    public LedgerCommand Command { get; } = command;

    public Reply? Reply { get; set; }

    /// <summary>When it was queued; a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>Whether it was answered or failed.</summary>
    public bool IsEnded => Volatile.Read(ref _ended) != 0;

    public void Answer()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0) OnAnswered();
    }

    public void Fail(TidelineException fault)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0) OnFailed(fault);
    }

    protected abstract void OnAnswered();

    protected abstract void OnFailed(TidelineException fault);
}

/// <summary>A command that somebody waits for by itself: what comes after it runs where it is answered, so the writer leaves that to an <see cref="AnswerGroup"/>.</summary>
internal abstract class AwaitedPending<T>(LedgerCommand command) : PendingCommand(command)
{
    private readonly TaskCompletionSource<T> _end = new();

    public Task<T> End => _end.Task;

    protected abstract T Result { get; }

    protected override void OnAnswered() => _end.TrySetResult(Result);

    protected override void OnFailed(TidelineException fault) =>
        ThreadPool.QueueUserWorkItem(_ => _end.TrySetException(new TidelineException(fault.Code, fault.Message, fault)));
}

/// <summary>A command whose reply is told when it is durable.</summary>
internal sealed class SinglePending(LedgerCommand command) : AwaitedPending<Reply>(command)
{
    protected override Reply Result => Reply!;
}

/// <summary>One of many commands that are waited for together: one wake-up for all of them.</summary>
internal sealed class GroupedPending(LedgerCommand command, PendingGroup group) : PendingCommand(command)
{
    protected override void OnAnswered() => group.Ended(null);

    protected override void OnFailed(TidelineException fault) => group.Ended(fault);
}

/// <summary>The end of many commands: when the last has ended; the first fault, if there was one, is the group's.</summary>
internal sealed class PendingGroup(int count)
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = count;
    private TidelineException? _fault;

    public Task End => _end.Task;

    public void Ended(TidelineException? fault)
    {
        if (fault is not null) Interlocked.CompareExchange(ref _fault, fault, null);
        if (Interlocked.Decrement(ref _left) > 0) return;
        if (_fault is { } first) _end.TrySetException(new TidelineException(first.Code, first.Message, first));
        else _end.TrySetResult();
    }
}
