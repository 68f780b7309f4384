namespace Tideline.Kernel;

/// <content>Limits of the clocks that stamp commits.</content>
public static partial class Limits
{
    /// <summary>
    /// The largest difference between the system clock, or a database's clock, and the time that a process measures
    /// before that clock counts as wrong, milliseconds. No batch is stamped further ahead than this.
    /// </summary>
    public const int ClockStepMs = 1_000;

    /// <summary>
    /// How often the comparison of the clocks takes a new baseline, milliseconds. After each, <see cref="ClockStepMs"/>
    /// is allowed again.
    /// </summary>
    public const int ClockAnchorMs = 3_600_000;

    /// <summary>How often an idle process compares the clocks, milliseconds.</summary>
    public const int ClockLookMs = 500;

    /// <summary>
    /// The longest suspension of a machine after which the system clock and a database's clock are still trusted,
    /// milliseconds.
    /// </summary>
    public const int ClockSuspendMs = 86_400_000;

    /// <summary>
    /// How far the clocks of two processes may be apart, milliseconds: each may be <see cref="ClockStepMs"/> off.
    /// </summary>
    public const int ClockApartMs = 2 * ClockStepMs;

    /// <summary>
    /// How far the newest commit of a shard may lie ahead of its owner's clock before commands are refused,
    /// milliseconds.
    /// </summary>
    public const int ClockBehindMs = 5_000;

    /// <summary>The largest age of the newest event, by the clock of a process that starts, days.</summary>
    public const int ClockIdleDays = 366;
}
