using Tideline.Kernel;
using Tideline.Tests.Tools.Servers;
using Tideline.Tools;
using Tideline.Tools.Drills;
using Tideline.Tools.Drills.Failover;

namespace Tideline.Tests.Faults;

/// <summary>The failover drill, small. How fast it is, the drill itself tells; here nothing depends on time.</summary>
public sealed class MySqlFailoverTests
{
    private const string Timed = "recovery under";

    [Fact]
    public async Task A_primary_that_is_killed_under_load_costs_nothing_that_was_acknowledged()
    {
        OwnServer.SkipWhenEmbedded();
        var report = await RunAsync();
        report.Checks.Where(check => !check.Ok && !check.Name.StartsWith(Timed, StringComparison.Ordinal))
            .ShouldBeEmpty();
        report.Figures.Single(figure => figure.Name == "runs").Value.ShouldBe(1);
    }

    private static async Task<DrillReport> RunAsync()
    {
        try
        {
            return await new FailoverDrill(new DrillOptions { Runs = 1 }, TimeProvider.System)
                .RunAsync(TestContext.Current.CancellationToken);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip($"A group of MySQL servers cannot be had here: {fault.Message}");
            throw;
        }
    }
}
