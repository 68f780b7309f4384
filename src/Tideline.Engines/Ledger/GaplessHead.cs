using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger;

/// <summary>
/// The last event and message of a shard. Everything downstream finds loss by a gap in these numbers, so none may ever
/// be written.
/// </summary>
internal sealed class GaplessHead(int shard)
{
    private long _eventSeq;
    private long _messageSeq;

    /// <summary>Where the shard stands after a commit.</summary>
    public void MoveTo(long eventSeq, long messageSeq) => (_eventSeq, _messageSeq) = (eventSeq, messageSeq);

    /// <summary>Where the shard will stand after a batch.</summary>
    /// <exception cref="TidelineException">Internal: a row of the batch does not follow the one before it.</exception>
    public (long EventSeq, long MessageSeq) After(BatchWrites writes)
    {
        var (eventSeq, messageSeq) = (_eventSeq, _messageSeq);
        foreach (var row in writes.Events)
        {
            if (row.Position != new Position(shard, ++eventSeq)) throw new TidelineException(
                ErrorCode.Internal, $"Event {row.Position} is out of sequence: the next event is {shard}:{eventSeq}.");
        }

        foreach (var row in writes.Messages)
        {
            if (row.Seq != ++messageSeq) throw new TidelineException(
                ErrorCode.Internal, $"Message {row.Seq} is out of sequence: the next message is {messageSeq}.");
        }

        return (eventSeq, messageSeq);
    }
}
