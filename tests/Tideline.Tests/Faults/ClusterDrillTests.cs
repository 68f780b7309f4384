using Tideline.Kernel;
using Tideline.Tests.Tools.Servers;
using Tideline.Tools;
using Tideline.Tools.Drills;
using Tideline.Tools.Drills.Failover;

namespace Tideline.Tests.Faults;

/// <summary>
/// The drills of the cluster profile, small. How fast it is, the drills themselves tell; here nothing depends on time.
/// </summary>
public sealed class ClusterDrillTests
{
    private const string Timed = "recovery under";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_owner_that_is_killed_paused_or_cut_off_costs_nothing_that_was_acknowledged()
    {
        var options = new DrillOptions { Runs = 3, Cluster = ClusterUnderTest.Require() };
        try
        {
            Broken(await new OwnerDrill(options, TimeProvider.System).RunAsync(Cancel)).ShouldBeEmpty();
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip($"A server cannot be had here: {fault.Message}");
        }
    }

    [Fact]
    public async Task Engines_that_are_away_for_a_while_cost_nothing_and_everything_catches_up()
    {
        OwnServer.SkipWhenEmbedded();
        try
        {
            Broken(await new OutageDrill(new DrillOptions { DownSeconds = 8 }, TimeProvider.System).RunAsync(Cancel))
                .ShouldBeEmpty();
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip($"A server cannot be had here: {fault.Message}");
        }
    }

    [Fact]
    public async Task A_Kafka_broker_that_is_killed_or_paused_costs_nothing_and_views_hold_each_event_once()
    {
        OwnServer.SkipWhenEmbedded();
        try
        {
            var report = await new BrokerDrill(new DrillOptions { Runs = 2 }, TimeProvider.System).RunAsync(Cancel);
            Broken(report).ShouldBeEmpty();
            report.Figures.Single(figure => figure.Name == "settled between shards").Value.ShouldBePositive();
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip($"A server cannot be had here: {fault.Message}");
        }
    }

    private static IEnumerable<string> Broken(DrillReport report) =>
        report.Checks.Where(check => !check.Ok && !check.Name.StartsWith(Timed, StringComparison.Ordinal))
            .Select(check => $"{check.Name}: {check.Detail}");
}
