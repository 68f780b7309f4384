namespace Tideline.Engines.Failover;

/// <summary>Limits of the controller of a MySQL group. A name ends with its unit.</summary>
internal static class FailoverLimits
{
    /// <summary>Members of a MySQL group.</summary>
    internal const int GroupMembers = 9;

    /// <summary>How long a member may take to tell a client whether it is the primary, milliseconds.</summary>
    internal const int FinderMs = 700;

    /// <summary>
    /// The interval between the starts of two rounds of the failover controller, milliseconds; longer if a round takes
    /// longer.
    /// </summary>
    internal const int IntervalMs = 250;

    /// <summary>How long a member may take to answer the controller, milliseconds.</summary>
    internal const int ProbeMs = 350;

    /// <summary>The rest between two polls of something that a failover waits for, milliseconds.</summary>
    internal const int PollMs = 50;

    /// <summary>
    /// How long a primary must be silent before it is replaced, milliseconds. This is less than the 1 s after which a
    /// replica drops a silent connection: a replica told within that second disconnects at once; one told later spends
    /// another second reconnecting first.
    /// </summary>
    internal const int DetectMs = 900;

    /// <summary>How long a hanging controller keeps its lock on a member, seconds.</summary>
    internal const int SilenceSeconds = 5;

    /// <summary>
    /// How long one step of a failover may take on one member, milliseconds; then the failover starts over.
    /// </summary>
    internal const int StepMs = 3_000;

    /// <summary>How long demoting a returned old primary may take, milliseconds; then it is retried.</summary>
    internal const int DemotionMs = 10_000;
}
