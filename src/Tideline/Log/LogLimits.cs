namespace Tideline.Log;

/// <summary>Limits of the relay and of the consumers of the log. A name ends with its unit.</summary>
internal static class LogLimits
{
    /// <summary>
    /// Events of a shard that the relay compares with the topics of services when it starts: what these lost is copied
    /// again as far back as that.
    /// </summary>
    internal const int CopyLookBackEvents = 100_000;

    /// <summary>
    /// How long the relay collects events after it relayed some, if none of them advances a saga, milliseconds.
    /// </summary>
    internal const int RelayPaceMs = 5;

    /// <summary>How long a loop waits for a signal before it polls, milliseconds.</summary>
    internal const int IdleWaitMs = 500;

    /// <summary>
    /// The rest before the relay compares log and ledger again after they contradicted each other, milliseconds.
    /// </summary>
    internal const int RelayStopMs = 5_000;

    /// <summary>The interval between two rounds of log retention, milliseconds.</summary>
    internal const int RetentionIntervalMs = 60_000;
}
