using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// Transfers whose accounts live on different shards: each one a saga over the log, settled when it is answered. In
/// this process, and on the real program over HTTP.
/// </summary>
internal static class CrossShardScenario
{
    private const int Connections = 64, BatchConnections = 2, BatchLines = 2_000;

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var options = context.Options with { Shards = Math.Max(2, context.Options.Shards) };
        context = context with { Options = options };
        var inProcess = await WholeNode.SagasAsync(context, options.Accounts ?? 1_000);
        await using var program = await RealProgram.StartAsync(context, options.Accounts ?? 1_000);
        ScenarioContext.Say("cross-shard batches, then the same within shards, then single transfers");
        var across = await HttpLoad.BatchesAsync(program.Port,
            BatchConnections, BatchLines, options.Load, program.Accounts.CrossShardPair, 2, context.Cancel);
        var within = await HttpLoad.BatchesAsync(program.Port,
            BatchConnections, BatchLines, options.Load, program.Accounts.SameShardPair, 3, context.Cancel);
        var singles = await HttpLoad.SinglesAsync(
            program.Port, Connections, options.Load, program.Accounts.CrossShardPair, 4, context.Cancel);
        return
        [
            .. inProcess,
            new Figure("cross-shard sagas settled, batch endpoint", across.PerSecond * BatchLines, "transfers/s",
                new Baseline("same shard, batch endpoint", within.PerSecond * BatchLines), Target.Min(3_000)),
            new Figure("cross-shard single transfers, 64 connections", singles.PerSecond, "transfers/s"),
            .. TransferLoad.LatencyFigures("cross-shard single transfers, 64 connections", singles),
        ];
    }
}
