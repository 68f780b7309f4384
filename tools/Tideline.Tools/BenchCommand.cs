using System.Diagnostics;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;
using Tideline.Tools.Scenarios;
using Tideline.Tools.Servers;

namespace Tideline.Tools;

/// <summary><c>tideline bench NAME</c>.</summary>
public static class BenchCommand
{

    private static readonly (
        string Name, Func<ScenarioContext, Task<IReadOnlyList<Figure>>> Run, bool InAll)[] Scenarios =
    [
        ("transfers", TransfersScenario.RunAsync, true),
        ("http", HttpScenario.RunAsync, true),
        ("cross-shard", CrossShardScenario.RunAsync, true),
        ("lag", LagScenario.RunAsync, true),
        ("reads", ReadsScenario.RunAsync, true),
        ("rebuild", RebuildScenario.RunAsync, true),
        ("recovery", RecoveryScenario.RunAsync, true),
        ("soak", SoakScenario.RunAsync, false),
    ];

    /// <summary>The scenarios there are; <c>all</c> runs those that take minutes at most.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Scenarios.Select(scenario => scenario.Name), "all"];

    /// <summary>Runs a scenario and prints its figures.</summary>
    /// <returns>0 when it ran, whether or not targets were met; 2 when it could not run.</returns>
    public static async Task<int> RunAsync(string name, BenchOptions options, CancellationToken cancel)
    {
        var chosen = Scenarios.Where(scenario => name == "all" ? scenario.InAll : scenario.Name == name).ToArray();
        if (chosen.Length == 0 || options.Seconds is not (> 0 and <= 3_600)
            || options.Shards is < 1 or > Limits.Shards || options.Accounts is < 100 or > 10_000_000)
        {
            await Console.Error.WriteLineAsync(chosen.Length == 0
                ? $"There is no scenario '{name}'; the scenarios are: {string.Join(", ", Names)}."
                : $"--seconds must be above 0 and at most 3600, --shards 1 to {Limits.Shards}, --accounts 100 to "
                    + $"10000000.");
            return 2;
        }

        if (options.SemiSync && (name != "transfers" || options.Cluster is null))
        {
            await Console.Error.WriteLineAsync("--semi-sync needs the scenario transfers and --profile cluster.");
            return 2;
        }

        try
        {
            var started = Stopwatch.GetTimestamp();
            var figures = new List<Figure>();
            foreach (var scenario in options.SemiSync ? [("transfers-semi-sync", SemiSyncScenario.RunAsync, false)]
                : chosen) figures.AddRange(await RunAsync(scenario.Name, scenario.Run, options, cancel));
            if (chosen.Length > 1) FigureTable.Print("bench all", figures);
            var report = new Report(name, Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 1),
                await EnginesAsync(options.Cluster, cancel), figures);
            if (options.JsonFile is { } file) await File.WriteAllBytesAsync(file, report.ToJson(), cancel);
            return 0;
        }
        catch (Exception fault) when (fault is TidelineException
            or FileNotFoundException or TimeoutException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 2;
        }
    }

    private static async Task<string> EnginesAsync(ClusterOptions? cluster, CancellationToken cancel)
    {
        if (cluster is null) return "ledger: SQLite, log: SQLite, views: SQLite";
        return $"ledger: {await MySqlServer.VersionOfAsync(cluster.MySql[0], cancel)}, "
            + $"log: {await KafkaServer.VersionOfAsync(cluster.Kafka, cancel)}, views: "
            + $"{await MongoStandIn.VersionOfAsync(cluster.MongoDb, cancel)}";
    }

    private static async Task<IReadOnlyList<Figure>> RunAsync(
        string name,
        Func<ScenarioContext, Task<IReadOnlyList<Figure>>> run, BenchOptions options, CancellationToken cancel)
    {
        if (!Console.IsOutputRedirected) Console.WriteLine($"{name} …");
        using var folder = new TemporaryFolder(
            $"bench-{name}", options.DataFolder is null ? null : Path.Combine(options.DataFolder, name));
        var figures = await run(new ScenarioContext(options, folder, TimeProvider.System, cancel));
        FigureTable.Print(name, figures);
        return figures;
    }
}
