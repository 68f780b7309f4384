namespace Tideline.Ledger.Installation;

/// <summary>
/// A shard's part of an installation epoch. Epoch 1 begins with the data. Restoring an older copy begins the next one,
/// so that lost events written after the copy cannot be mistaken for events written from then on.
/// </summary>
/// <param name="Number">
/// The epoch, the same on every shard and higher than all before: 1 for new data, later the microseconds since
/// 1970-01-01 UTC at which it began. A backup that is restored twice thus begins two epochs, whose tokens and records
/// can be distinguished.
/// </param>
/// <param name="Installation">The installation's id, made with its data.</param>
/// <param name="EventSeq">The shard's newest event when the epoch began; the epoch's first event follows it.</param>
/// <param name="MessageSeq">The shard's newest message when the epoch began.</param>
/// <param name="BlockNumber">The shard's newest audit block when the epoch began.</param>
/// <param name="BegunUs">When it began, microseconds since 1970-01-01 UTC.</param>
/// <param name="Reason">Why, in an operator's words.</param>
public sealed record EpochRow(
    long Number, Guid Installation, long EventSeq, long MessageSeq, long BlockNumber, long BegunUs, string Reason);
