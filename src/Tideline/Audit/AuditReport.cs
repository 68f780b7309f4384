namespace Tideline.Audit;

/// <summary>
/// What a walk along the chain of a shard found. <paramref name="Head"/> is the hash of the newest block, to be
/// compared with a copy kept elsewhere: whoever can rewrite every block can make a chain that fits itself. Findings are
/// sentences that name the block, event or transaction.
/// </summary>
public sealed record AuditReport(
    int Shard, long Blocks, long ThroughSeq, long Events, byte[] Head, IReadOnlyList<string> Findings)
{
    /// <summary>Whether nothing was found.</summary>
    public bool Ok => Findings.Count == 0;
}
