using Tideline.Bench;
using Tideline.Bench.Drills;
using Tideline.Bench.Drills.Failover;

namespace Tideline.Tests.Faults;

/// <summary>A drill of the cluster profile, small. How fast it is, the drill itself tells; here nothing depends on time.</summary>
public sealed class ClusterDrillTests
{
    private const string Timed = "recovery under";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_owner_that_is_killed_or_paused_costs_nothing_that_was_acknowledged()
    {
        var options = new DrillOptions { Runs = 2, Cluster = ClusterUnderTest.Require() };
        Broken(await new OwnerDrill(options, TimeProvider.System).RunAsync(Cancel)).ShouldBeEmpty();
    }

    private static IEnumerable<string> Broken(DrillReport report) =>
        report.Checks.Where(check => !check.Ok && !check.Name.StartsWith(Timed, StringComparison.Ordinal)).Select(check => $"{check.Name}: {check.Detail}");
}
