using System.Diagnostics;
using Tideline.Node;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Payments;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// Builds the customer views again beside the live ones, compares and switches, while the node is otherwise idle.
/// </summary>
internal static class RebuildScenario
{
    private const int InFlight = 512;

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var (options, cancel) = (context.Options, context.Cancel);
        await using var installation = context.Install("data");
        await using var node = await TidelineNode.StartAsync(installation.Node with { Time = context.Time }, cancel);
        var accounts = await AccountSet.LoadAsync(node.Ledger, options.Accounts ?? 1_000, new SeededRandom(1), cancel);
        await TransferLoad.RunAsync(node.Services.Of<PaymentsService>().Transfers, InFlight, options.Duration,
            accounts.SameShardPair, 2,
            cancel);
        ScenarioContext.Say("rebuilding");
        var started = Stopwatch.GetTimestamp();
        var status = await node.Projections[CustomersProjection.Name].Rebuild.RunAsync(force: false, cancel);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return
        [
            new Figure("events folded by a rebuild", status.EventsApplied, "events"),
            new Figure("rebuild", status.EventsApplied / seconds, "events/s"),
            new Figure("documents that differed from the live view",
                status.Differing, "documents", Target: Target.Max(0)),
        ];
    }
}
