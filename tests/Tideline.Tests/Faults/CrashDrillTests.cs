using System.Text.Json;
using Tideline.Kernel;
using Tideline.Tools;

namespace Tideline.Tests.Faults;

public sealed class CrashDrillTests
{
    [Fact]
    public Task Killed_twenty_five_times_at_every_named_point_nothing_acknowledged_is_lost_or_done_twice() =>
        DrillAsync(new DrillOptions { Kills = 25, Seed = 1 });

    [Fact]
    public Task Killed_at_every_named_point_on_the_Cluster_profile_nothing_acknowledged_is_lost_or_done_twice() =>
        DrillAsync(new DrillOptions { Kills = CrashPoint.Names.Count, Seed = 1, Cluster = ClusterUnderTest.Require() });

    private static async Task DrillAsync(DrillOptions options)
    {
        var report = Path.Combine(Path.GetTempPath(), $"tideline-drill-{Path.GetRandomFileName()}.json");
        try
        {
            var exitCode = await DrillCommand.RunAsync(
                "crash", options with { JsonFile = report }, TestContext.Current.CancellationToken);

            using var json = JsonDocument.Parse(
                await File.ReadAllBytesAsync(report, TestContext.Current.CancellationToken));
            var broken = json.RootElement.GetProperty("checks")
                .EnumerateArray().Where(check => !check.GetProperty("ok").GetBoolean())
                .Select(check => $"{check.GetProperty("name").GetString()}: {check.GetProperty("detail").GetString()}");
            broken.ShouldBeEmpty();
            exitCode.ShouldBe(0);
        }
        finally
        {
            File.Delete(report);
        }
    }
}
