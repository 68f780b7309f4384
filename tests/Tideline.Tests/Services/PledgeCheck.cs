using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Services;

namespace Tideline.Tests.Services;

/// <summary>What the service adds to the verification: a pledge never changes.</summary>
internal static class PledgeCheck
{
    public static async Task<(IReadOnlyList<string> Findings, string Seen)> RunAsync(
        CheckScope scope, CancellationToken cancel)
    {
        var pledges = await scope.Ledger.Reader(scope.Shard).GetAggregatesAsync(
            new AggregateFilter(Pledge.RowKind, ["made"], AtRest: true), Guid.Empty, Limits.PageRows, cancel);
        var findings = pledges.Where(pledge => pledge.Version != 1)
            .Select(pledge => $"Pledge {pledge.Id} has version {pledge.Version}.");
        return ([.. findings], Counted.Of(pledges.Count, "pledge"));
    }
}
