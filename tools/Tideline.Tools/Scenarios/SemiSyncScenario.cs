using Tideline.Kernel;
using Tideline.Node;
using Tideline.Tools.Drills.Failover;
using Tideline.Tools.Figures;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// The transfers scenario twice, on servers of the bench's own with the same memory: on a lone MySQL server, then on a
/// group whose primary answers a commit when a replica has it too. The figures are those of the group, each with the
/// lone server's as its baseline.
/// </summary>
internal static class SemiSyncScenario
{
    private const int Accounts = 1_000;
    private const string Lone = "lone server";

    /// <exception cref="TidelineException">NotFound, StorageUnavailable: the servers could not be had or started.
    /// Internal: the group was not semi-synchronous while it was measured.</exception>
    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var cluster = context.Options.Cluster ?? throw new TidelineException(
            ErrorCode.InvalidInput, "Replicas that acknowledge are a matter of MySQL, so of the cluster profile.");
        ScenarioContext.Say("a lone server");
        var alone = await LoneAsync(context, cluster);
        ScenarioContext.Say("a group of three, one of its two replicas acknowledges each commit");
        var (group, acknowledged) = await GroupAsync(context, cluster);
        return [.. Compare(alone, group),
            new Figure("commits that a replica acknowledged before they were answered", acknowledged, "commits")];
    }

    /// <summary>
    /// Each value of one run beside that of the other: figures, what they were measured against, and their ratios to
    /// it.
    /// </summary>
    internal static IEnumerable<Figure> Compare(IReadOnlyList<Figure> alone, IReadOnlyList<Figure> group)
    {
        // A figure that is there again only has another baseline.
        var seen = new HashSet<(double, string)>();
        foreach (var (one, other) in alone.Zip(group))
        {
            if (seen.Add((other.Value, other.Unit)))
                yield return other with { Baseline = new Baseline(Lone, one.Value), Target = null };
            if (other is not { Baseline: { } baseline, Ratio: { } ratio }
                || one is not { Baseline: { } loneBaseline, Ratio: { } loneRatio }) continue;
            yield return new Figure(baseline.Name, baseline.Value, other.Unit, new Baseline(Lone, loneBaseline.Value));
            yield return new Figure($"Tideline to {baseline.Name}", ratio, "×", new Baseline(Lone, loneRatio));
        }
    }

    private static async Task<IReadOnlyList<Figure>> LoneAsync(ScenarioContext context, ClusterOptions cluster)
    {
        await using var server = await MySqlServer.PrepareAsync(
            Path.Combine(context.Folder.Path, "lone"), options: MySqlGroup.SmallMemory, cancel: context.Cancel);
        await server.StartAsync(context.Cancel);
        return await MeasureAsync(context, cluster, server.Address);
    }

    private static async Task<(IReadOnlyList<Figure> Figures, long Acknowledged)> GroupAsync(
        ScenarioContext context, ClusterOptions cluster)
    {
        await using var group = await SemiSyncGroup.StartAsync(context.Folder.Sub("group"), context.Cancel);
        var before = await group.AcknowledgedAsync(context.Cancel);
        var figures = await MeasureAsync(context, cluster, group.Primary);
        return (figures, await group.AcknowledgedAsync(context.Cancel) - before);
    }

    private static Task<IReadOnlyList<Figure>> MeasureAsync(
        ScenarioContext context, ClusterOptions cluster, string mysql)
    {
        var own = context with { Options = context.Options with { Cluster = cluster with { MySql = [mysql] } } };
        return TransfersScenario.MeasureAsync(own, context.Options.Accounts ?? Accounts);
    }
}
