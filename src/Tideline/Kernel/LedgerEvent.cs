namespace Tideline.Kernel;

/// <summary>
/// An event as the strong tier stores it and the log carries it. The gateway and the log give it CloudEvents 1.0 names
/// on output.
/// </summary>
/// <param name="Position">Shard and gapless sequence number.</param>
/// <param name="Type">The type of the event.</param>
/// <param name="Subject">The aggregate: an account's or a customer's id.</param>
/// <param name="Version">The aggregate's version after the event, from 1 without gaps: the subject's component of a
/// vector clock.</param>
/// <param name="TimeUs">Commit time, microseconds since 1970-01-01 UTC; never earlier than that of the previous event
/// on the shard.</param>
/// <param name="Data">The UTF-8 JSON of <see cref="EventData"/>.</param>
public sealed record LedgerEvent(
    Position Position, EventType Type, Guid Subject, long Version, long TimeUs, ReadOnlyMemory<byte> Data);
