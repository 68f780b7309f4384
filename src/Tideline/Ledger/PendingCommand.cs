using Tideline.Kernel;
using Tideline.Ledger.Commands;

namespace Tideline.Ledger;

/// <summary>A command that waits for its commit. Continuations never run on the writer's thread.</summary>
internal abstract class PendingCommand(LedgerCommand command)
{
    public LedgerCommand Command { get; } = command;

    public Reply? Reply { get; set; }

    /// <summary>What must be durable on another shard before this is answered; null when nothing must.</summary>
    public Reservation? After { get; init; }

    /// <summary>Whether it threw when it was decided.</summary>
    public bool Threw { get; set; }

    /// <summary>Whether it was answered or failed.</summary>
    public bool IsEnded { get; private set; }

    public void Answer()
    {
        IsEnded = true;
        OnAnswered();
    }

    public void Fail(TidelineException fault)
    {
        if (IsEnded) return;
        IsEnded = true;
        OnFailed(fault);
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

/// <summary>
/// A key being taken on its home shard. Who waits goes on as soon as it is committed, and makes the effect answer only when it is durable too: two shards flush
/// their files side by side instead of one after the other.
/// </summary>
internal sealed class ReservationPending(ReserveKey command, DurableMark home) : AwaitedPending<Reservation>(command)
{
    /// <summary>The batch it was committed with.</summary>
    public long Batch { get; set; }

    /// <summary>A key that stands for something else is told like any answer, once that is durable.</summary>
    public bool IsTaken => Reply is { Refusal: null, Kind: OutcomeKind.Reserved };

    protected override Reservation Result => new(Reply!, home, Batch);
}

/// <summary>One of many commands that are waited for together: one wake-up for all of them.</summary>
internal sealed class GroupedPending(LedgerCommand command, PendingGroup group, int index) : PendingCommand(command)
{
    protected override void OnAnswered() => group.Ended(index, new CommandEnd(Reply, null));

    protected override void OnFailed(TidelineException fault) => group.Ended(index, new CommandEnd(null, fault));
}

/// <summary>What one of many commands came to: its reply, or the fault that kept it from one.</summary>
internal readonly record struct CommandEnd(Reply? Reply, TidelineException? Fault);

/// <summary>The ends of many commands, in their order, when the last has ended.</summary>
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
