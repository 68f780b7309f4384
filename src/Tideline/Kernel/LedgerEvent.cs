namespace Tideline.Kernel;

/// <summary>
/// One event as the strong tier keeps it and the log carries it. The gateway and the log give
/// it CloudEvents 1.0 names on the way out.
/// </summary>
/// <param name="Position">Shard and gapless sequence number.</param>
/// <param name="Type">What it says.</param>
/// <param name="Subject">The aggregate: an account's or a customer's id.</param>
/// <param name="Version">The aggregate's version after it, from 1 without gaps: the subject's component of a vector
/// clock.</param>
/// <param name="TimeUs">Commit time, microseconds since 1970-01-01 UTC, never less than the event before it on the
/// shard.</param>
/// <param name="Data">The UTF-8 JSON of <see cref="EventData"/>.</param>
public sealed record LedgerEvent(
    Position Position, EventType Type, Guid Subject, long Version, long TimeUs, ReadOnlyMemory<byte> Data);
