namespace Tideline.Node;

/// <summary>Limits of one node. A name ends with its unit.</summary>
internal static class NodeLimits
{
    /// <summary>The rest between two attempts to open the log or the views of a running node, milliseconds.</summary>
    internal const int OpenRetryMs = 1_000;

    /// <summary>How long the log keeps records that every consumer has read, days.</summary>
    internal const int LogRetentionDays = 7;
}
