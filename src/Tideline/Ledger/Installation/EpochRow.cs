namespace Tideline.Ledger.Installation;

/// <summary>
/// A shard's part in an installation epoch. Epoch 1 begins with the data; restoring an older copy begins the next one,
/// so that what was written after the copy and is lost can never be taken for what is written from then on.
/// </summary>
/// <param name="Number">
/// The epoch, the same on every shard and higher than all before: 1, later ones the microseconds since 1970-01-01 UTC
/// at which they began. So a backup that is restored twice begins two epochs, whose tokens and records are told apart.
/// </param>
/// <param name="Installation">The installation's id, made with its data.</param>
/// <param name="EventSeq">The shard's newest event when the epoch began; the epoch's first event follows it.</param>
/// <param name="MessageSeq">The shard's newest message when the epoch began.</param>
/// <param name="BlockNumber">The shard's newest audit block when the epoch began.</param>
/// <param name="BegunUs">When it began, microseconds since 1970-01-01 UTC.</param>
/// <param name="Reason">Why, in an operator's words.</param>
public sealed record EpochRow(
    long Number, Guid Installation, long EventSeq, long MessageSeq, long BlockNumber, long BegunUs, string Reason);
