using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Peers;

/// <summary>A command in transit to the owner of its shard, with the timestamp of its start.</summary>
internal sealed class PendingForward(LedgerCommand command, long since)
{
    private readonly TaskCompletionSource<Reply> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LedgerCommand Command { get; } = command;

    public long Since { get; } = since;

    public Task<Reply> End => _end.Task;

    public void Answer(Reply reply) => _end.TrySetResult(reply);

    public void Fail(ErrorCode code, string message, Exception? inner = null) =>
        _end.TrySetException(new TidelineException(code, message, inner));
}
