using System.Text.Json;
using Tideline.Bench;

namespace Tideline.Tests.Faults;

public sealed class CrashDrillTests
{
    [Fact]
    public async Task Killed_twenty_five_times_at_every_named_point_nothing_acknowledged_is_lost_or_done_twice()
    {
        var report = Path.Combine(Path.GetTempPath(), $"tideline-drill-{Path.GetRandomFileName()}.json");
        try
        {
            var exitCode = await DrillCommand.RunAsync("crash", new DrillOptions { Kills = 25, Seed = 1, JsonFile = report }, TestContext.Current.CancellationToken);

            using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(report, TestContext.Current.CancellationToken));
            var broken = json.RootElement.GetProperty("checks").EnumerateArray().Where(check => !check.GetProperty("ok").GetBoolean())
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
