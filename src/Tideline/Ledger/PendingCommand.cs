namespace Tideline.Ledger;

/// <summary>A command that waits for its commit. Continuations never run on the writer's thread.</summary>
internal sealed class PendingCommand(LedgerCommand command) : TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public LedgerCommand Command { get; } = command;

    public Reply? Reply { get; set; }

    public bool Failed { get; set; }

    public void Answer() => TrySetResult(Reply!);
}
