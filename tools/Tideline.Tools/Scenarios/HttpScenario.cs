using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// The real program in its own process, over HTTP on loopback: single transfers and batches. Client and program share
/// the machine's processors.
/// </summary>
internal static class HttpScenario
{
    private const int Connections = 64, BatchConnections = 2, BatchLines = 5_000;

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var options = context.Options;
        await using var program = await RealProgram.StartAsync(context, options.Accounts ?? 1_000);
        ScenarioContext.Say($"single transfers, {Connections} connections");
        var singles = await HttpLoad.SinglesAsync(
            program.Port, Connections, options.Load, program.Accounts.SameShardPair, 2, context.Cancel);
        ScenarioContext.Say($"batches of {BatchLines} lines");
        var batches = await HttpLoad.BatchesAsync(program.Port,
            BatchConnections, BatchLines, options.Load, program.Accounts.SameShardPair, 3, context.Cancel);
        return
        [
            new Figure("single transfers, 64 connections", singles.PerSecond, "transfers/s", Target: Target.Min(4_000)),
            .. TransferLoad.LatencyFigures("single transfers, 64 connections", singles, Target.Max(50)),
            new Figure("batch endpoint", batches.PerSecond * BatchLines,
                "transfers/s", new Baseline("single transfers", singles.PerSecond), Target.Min(12_000)),
            new Figure("start of an empty installation", program.Ready.TotalMilliseconds, "ms"),
            new Figure("resident memory after the load", program.Server.ResidentMiB(), "MiB"),
        ];
    }
}
