namespace Tideline.Kernel;

/// <content>Limits of the clocks that commits are stamped by.</content>
public static partial class Limits
{
    /// <summary>
    /// How far the system clock, or a database's, may be from the time that a process measures before it counts as
    /// wrong, milliseconds. No batch is stamped further ahead than this.
    /// </summary>
    public const int ClockStepMs = 1_000;

    /// <summary>
    /// How often the clocks are compared with a new beginning, milliseconds: <see cref="ClockStepMs"/> is allowed
    /// anew each time.
    /// </summary>
    public const int ClockAnchorMs = 3_600_000;

    /// <summary>How often an idle process compares the clocks, milliseconds.</summary>
    public const int ClockLookMs = 500;

    /// <summary>
    /// How long a machine may have been suspended for the system clock and a database's to be believed again,
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

    /// <summary>How old the newest event may be by the clock of a process that starts, days.</summary>
    public const int ClockIdleDays = 366;
}
