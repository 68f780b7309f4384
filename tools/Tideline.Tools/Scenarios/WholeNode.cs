using Tideline.Node;
using Tideline.Services.Payments;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// The same transfers with everything behind the ledger running in this process too: relay, log, sagas, projections.
/// </summary>
internal static class WholeNode
{
    private const int InFlight = 2_048;

    public static async Task<IReadOnlyList<Figure>> TransfersAsync(ScenarioContext context, int accounts)
    {
        await using var installation = context.Install("whole");
        await using var node = await StartAsync(context, installation);
        var set = await AccountSet.LoadAsync(node.Ledger, accounts, new SeededRandom(1), context.Cancel);
        var result = await TransferLoad.RunAsync(
            node.Services.Of<PaymentsService>().Transfers, InFlight, context.Options.Load, set.SameShardPair, 2,
                context.Cancel);
        var name = $"same-shard transfers with relay and projections, {accounts:#,0} accounts, {InFlight} in flight";
        return [new Figure(name, result.PerSecond, "transfers/s"), .. TransferLoad.LatencyFigures(name, result)];
    }

    public static async Task<IReadOnlyList<Figure>> SagasAsync(ScenarioContext context, int accounts)
    {
        await using var installation = context.Install("sagas");
        await using var node = await StartAsync(context, installation);
        var set = await AccountSet.LoadAsync(node.Ledger, accounts, new SeededRandom(1), context.Cancel);
        var result = await TransferLoad.RunAsync(
            node.Services.Of<PaymentsService>().Transfers, InFlight, context.Options.Load, set.CrossShardPair, 2,
                context.Cancel);
        var name = $"cross-shard sagas settled, in process, {InFlight} in flight";
        return [new Figure(name, result.PerSecond, "transfers/s", Target: Target.Min(3_000)),
            .. TransferLoad.LatencyFigures(name, result)];
    }

    private static Task<TidelineNode> StartAsync(ScenarioContext context, Installation installation) =>
        TidelineNode.StartAsync(installation.Node with { Time = context.Time }, context.Cancel);
}
