using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tests.Services;

/// <summary>What the service adds to the verification: a pledge never changes.</summary>
internal static class PledgeCheck
{
    public static async Task<(IReadOnlyList<string> Findings, string Seen)> RunAsync(
        GeneralLedger ledger, int shard, CancellationToken cancel)
    {
        var pledges = await ledger.Reader(shard).GetAggregatesAsync(
            new AggregateFilter(Pledge.RowKind, ["made"], AtRest: true), Guid.Empty, Limits.PageRows, cancel);
        var findings = pledges.Where(pledge => pledge.Version != 1)
            .Select(pledge => $"Pledge {pledge.Id} has version {pledge.Version}.");
        return ([.. findings], $"{pledges.Count} pledges");
    }
}
