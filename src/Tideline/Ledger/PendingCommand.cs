using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>A command that waits for its commit. Continuations never run on the writer's thread.</summary>
internal abstract class PendingCommand(LedgerCommand command, long since)
{
    private int _ended;

    public LedgerCommand Command { get; } = command;

    public Reply? Reply { get; set; }

    /// <summary>When it was queued; a timestamp of the program's clock.</summary>
    public long Since { get; } = since;

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

/// <summary>
/// A command that a caller awaits by itself. The caller's continuation runs on the thread that answers, so the writer
/// leaves answering to an <see cref="AnswerGroup"/>.
/// </summary>
internal abstract class AwaitedPending<T>(LedgerCommand command, long since) : PendingCommand(command, since)
{
    private readonly TaskCompletionSource<T> _end = new();

    public Task<T> End => _end.Task;

    protected abstract T Result { get; }

    protected override void OnAnswered() => _end.TrySetResult(Result);

    protected override void OnFailed(TidelineException fault) =>
        ThreadPool.QueueUserWorkItem(
            _ => _end.TrySetException(new TidelineException(fault.Code, fault.Message, fault)));
}

/// <summary>A command whose reply is returned when it is durable.</summary>
internal sealed class SinglePending(LedgerCommand command, long since) : AwaitedPending<Reply>(command, since)
{
    protected override Reply Result => Reply!;
}

/// <summary>One of many commands that are awaited together: one wake-up for all of them.</summary>
internal sealed class GroupedPending(LedgerCommand command, long since, PendingGroup group, int index)
    : PendingCommand(command, since)
{
    protected override void OnAnswered() => group.Ended(index, new CommandEnd(Reply, null));

    protected override void OnFailed(TidelineException fault) => group.Ended(index, new CommandEnd(null, fault));
}

/// <summary>The result of one of many commands: its reply, or the fault that prevented one.</summary>
internal readonly record struct CommandEnd(Reply? Reply, TidelineException? Fault);

/// <summary>Collects the results of many commands, in their order, and completes with the last of them.</summary>
internal sealed class PendingGroup(int count)
{
    private readonly TaskCompletionSource<CommandEnd[]> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CommandEnd[] _ends = new CommandEnd[count];
    private int _left = count;

    public Task<CommandEnd[]> End => _end.Task;

    public void Ended(int index, CommandEnd end)
    {
        _ends[index] = end;
        if (Interlocked.Decrement(ref _left) == 0) _end.TrySetResult(_ends);
    }
}
