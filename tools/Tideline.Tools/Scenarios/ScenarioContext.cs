using Tideline.Tools.Baselines;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>What a scenario runs with.</summary>
internal sealed record ScenarioContext(
    BenchOptions Options, TemporaryFolder Folder, TimeProvider Time, CancellationToken Cancel)
{
    /// <summary>An installation in a folder of this run, on the engines that were asked for.</summary>
    public Installation Install(string folder) => new(Folder.Sub(folder), Options.Shards, Options.Cluster);

    /// <summary>What the ledger is measured against, on the engine that it runs on.</summary>
    public IBaselines Baselines(string folder, int accountsPerShard, PayloadSizes sizes) =>
        Options.Cluster is { } cluster
        ? new MySqlBaselines(cluster.MySql, Options.Shards, accountsPerShard, sizes, Time)
        : new SqliteBaselines(Folder.Sub(folder), Options.Shards, accountsPerShard, sizes, Time);

    /// <summary>Tells a person what takes time now.</summary>
    public static void Say(string words)
    {
        if (!Console.IsOutputRedirected) Console.WriteLine($"  {words}");
    }
}
