using Tideline.Bench.Figures;
using Tideline.Bench.Load;

namespace Tideline.Bench.Scenarios;

/// <summary>The real program in its own process, over HTTP on loopback: single transfers and batches. Client and program share the machine's processors.</summary>
internal static class HttpScenario
{
    private const int Connections = 64, BatchConnections = 2, BatchLines = 5_000;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var options = context.Options;
        using var server = ServerProcess.Start(HostProgram.Find(options.HostPath), context.Folder.Sub("data"), ServerProcess.FreePort(), options.Shards);
        var ready = await server.WaitReadyAsync(StartLimit, context.Cancel) ?? throw new IOException($"The program ended before it answered. It said:\n{server.LastWords}");
        var accounts = await HttpLoad.OpenAccountsAsync(server.Port, options.Accounts ?? 1_000, options.Shards, Connections, new SeededRandom(1), context.Cancel);
        ScenarioContext.Say($"single transfers, {Connections} connections");
        var singles = await HttpLoad.SinglesAsync(server.Port, Connections, options.Duration, accounts.SameShardPair, 2, context.Cancel);
        ScenarioContext.Say($"batches of {BatchLines} lines");
        var batches = await HttpLoad.BatchesAsync(server.Port, BatchConnections, BatchLines, options.Duration, accounts.SameShardPair, 3, context.Cancel);
        var resident = server.ResidentMiB();
        await server.StopAsync(StartLimit);
        return
        [
            new Figure("single transfers, 64 connections", singles.PerSecond, "transfers/s", Target: Target.Min(4_000)),
            .. TransferLoad.LatencyFigures("single transfers, 64 connections", singles, Target.Max(50)),
            new Figure("batch endpoint", batches.PerSecond * BatchLines, "transfers/s", new Baseline("single transfers", singles.PerSecond), Target.Min(12_000)),
            new Figure("start of an empty installation", ready.TotalMilliseconds, "ms"),
            new Figure("resident memory after the load", resident, "MiB"),
        ];
    }
}
