namespace Tideline.Host;

/// <summary>Limits of start, drain and the command line. A name ends with its unit.</summary>
internal static class HostLimits
{
    /// <summary>
    /// How long a starting server waits for log and views before it accepts commands without them, milliseconds.
    /// </summary>
    internal const int OpenPatienceMs = 2_000;

    /// <summary>How long a drain may take before the program exits regardless, milliseconds.</summary>
    internal const int DrainMs = 20_000;

    /// <summary>
    /// How long a CLI command waits for an answer before it checks whether the node is live, and how long that check
    /// may take, milliseconds.
    /// </summary>
    internal const int OpsSilenceMs = 3_000;

    /// <summary>Unanswered liveness checks after which the node counts as hanging.</summary>
    internal const int OpsLooks = 2;
}
