namespace Tideline.Audit;

/// <summary>
/// The result of verifying the chain of a shard. <paramref name="Head"/> is the hash of the newest block, to compare
/// with a copy stored elsewhere: an attacker who can rewrite every block can make a consistent chain. Findings are
/// sentences that name the block, event or transaction.
/// </summary>
public sealed record AuditReport(
    int Shard, long Blocks, long ThroughSeq, long Events, byte[] Head, IReadOnlyList<string> Findings)
{
    /// <summary>Whether nothing was found.</summary>
    public bool Ok => Findings.Count == 0;
}
