namespace Tideline.Audit;

/// <summary>Limits of the audit chain. A name ends with its unit.</summary>
internal static class AuditLimits
{
    /// <summary>Events of one audit block.</summary>
    internal const int BlockEvents = 4_096;

    /// <summary>How long a committed event waits for its audit block, milliseconds.</summary>
    internal const int BlockMs = 1_000;

    /// <summary>Findings after which a check stops: more would add nothing.</summary>
    internal const int VerifyFindings = 100;
}
