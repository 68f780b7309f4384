using System.Diagnostics;
using System.Net.Sockets;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// A million accounts (or as many as asked), the real program killed with -9 under load, and the time until it answers
/// again: to a probe, and to a transfer.
/// </summary>
internal static class RecoveryScenario
{
    private const int DefaultAccounts = 1_000_000, Connections = 32;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var options = context.Options;
        await using var installation = context.Install("data");
        var count = options.Accounts ?? DefaultAccounts;
        ScenarioContext.Say($"loading {count:#,0} accounts");
        var started = Stopwatch.GetTimestamp();
        AccountSet accounts;
        await using (var alone = await LedgerAlone.StartAsync(installation, context.Time, context.Cancel))
            accounts = await AccountSet.LoadAsync(alone.Ledger, count, new SeededRandom(1), context.Cancel);
        var loaded = Stopwatch.GetElapsedTime(started);

        var program = HostProgram.Find(options.HostPath);
        var port = LoopbackPort.Next();
        ScenarioContext.Say("load, then kill -9");
        await LoadAndKillAsync(context, program, installation, port, accounts);

        using var again = ServerProcess.Start(program, installation, port);
        var answered = await again.WaitReadyAsync(StartLimit, context.Cancel)
            ?? throw new IOException($"The program ended before it answered. It said:\n{again.LastWords}");
        var worked = Stopwatch.GetTimestamp();
        await HttpLoad.SinglesAsync(
            port, 1, TimeSpan.Zero + TimeSpan.FromTicks(1), accounts.SameShardPair, 9, context.Cancel);
        var first = answered + Stopwatch.GetElapsedTime(worked);
        await HttpLoad.SinglesAsync(port, Connections, options.Load, accounts.SameShardPair, 10, context.Cancel);
        var resident = again.ResidentMiB();
        await again.StopAsync(StartLimit);
        return
        [
            new Figure($"loading {count:#,0} accounts (opened and funded)", count / loaded.TotalSeconds, "accounts/s"),
            new Figure($"first answer after kill -9, {count:#,0} accounts",
                answered.TotalSeconds, "s", Target: Target.Max(4)),
            new Figure($"first transfer after kill -9, {count:#,0} accounts",
                first.TotalSeconds, "s", Target: Target.Max(4)),
            new Figure($"resident memory under load, {count:#,0} accounts", resident, "MiB", Target: Target.Max(1_024)),
        ];
    }

    private static async Task LoadAndKillAsync(
        ScenarioContext context, HostProgram program, Installation installation, int port, AccountSet accounts)
    {
        using var server = ServerProcess.Start(program, installation, port);
        if (await server.WaitReadyAsync(StartLimit, context.Cancel) is null)
            throw new IOException($"The program ended before it answered. It said:\n{server.LastWords}");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.Cancel);
        var load = HttpLoad.SinglesAsync(
            port, Connections, TimeSpan.FromHours(1), accounts.SameShardPair, 8, stop.Token);
        await Task.Delay(context.Options.Duration, context.Cancel);
        await server.KillAsync();
        await stop.CancelAsync();
        try
        {
            await load;
        }
        catch (Exception fault) when (fault is SocketException or IOException or OperationCanceledException
            && !context.Cancel.IsCancellationRequested)
        {
            // The connections broke: the program was killed under them.
        }
    }
}
