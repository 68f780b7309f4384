namespace Tideline.Kernel;

/// <summary>
/// Limits that a client can meet anywhere, or that several folders share; every other limit is in the folder that it
/// limits, in a class whose name ends with <c>Limits</c>. A name ends with its unit.
/// </summary>
public static class Limits
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
    /// How long a request waits for its command, milliseconds. The command is not cancelled: the answer says that its
    /// outcome is unknown, and a repeat with the same key returns it.
    /// </summary>
    public const int CommandAnswerMs = 4_000;

    /// <summary>Largest movement, minor units: far below overflow, far above any payment.</summary>
    public const long AmountMinor = 1_000_000_000_000_000;

    /// <summary>Longest text of an amount.</summary>
    public const int AmountCharacters = 24;

    /// <summary>Longest reference of a movement (ISO 20022 Max140Text).</summary>
    public const int ReferenceCharacters = 140;

    /// <summary>Most shards of one installation.</summary>
    public const int Shards = 64;

    /// <summary>Events in one relay or projection batch.</summary>
    public const int EventBatch = 1_000;

    /// <summary>Rows of one page.</summary>
    public const int PageRows = 200;

    /// <summary>Default rows of a page.</summary>
    public const int DefaultPageRows = 50;

    /// <summary>How long a background loop rests after a failed pass, milliseconds.</summary>
    public const int LoopFaultRestMs = 500;

    /// <summary>
    /// How long one pass of a background loop may take before the part counts as stalled, milliseconds.
    /// </summary>
    public const int LoopStallMs = 30_000;

    /// <summary>
    /// As <see cref="LoopStallMs"/>, for passes over all data: retention, aging, audit blocks after a long pause.
    /// </summary>
    public const int LongPassMs = 600_000;

    /// <summary>Longest text that is parsed as an IBAN: 34 characters in groups of four, with spaces.</summary>
    public const int IbanCharacters = 42;

    /// <summary>Longest cursor or consistency token.</summary>
    public const int TokenCharacters = 4_096;
}
