using System.Diagnostics;
using System.Text.Json.Nodes;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// At half of the measured maximum: how long after its answer a transfer is in the customer's view, seen as a client
/// sees it (a session read that the view, not the ledger, answers), and how long reads by id take meanwhile.
/// </summary>
internal static class LagScenario
{
    private const int Connections = 64, PollMs = 20, EmbeddedLagMs = 250, ClusterLagMs = 1_000;
    private static readonly TimeSpan CatchUpLimit = TimeSpan.FromMinutes(3);

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var (options, cancel) = (context.Options, context.Cancel);
        await using var program = await RealProgram.StartAsync(context, options.Accounts ?? 1_000);
        ScenarioContext.Say("the maximum");
        var most = await HttpLoad.SinglesAsync(
            program.Port, Connections, options.Load, program.Accounts.SameShardPair, 2, cancel);
        // What the maximum left behind is not the lag at half of it.
        ScenarioContext.Say("the views catch up");
        using var lagging = await HttpConnection.OpenAsync(program.Port, cancel);
        var caughtUp = await UntilCaughtUpAsync(lagging, cancel);
        ScenarioContext.Say($"half of it, {most.PerSecond / 2:0}/s, with readers");
        var load = HttpLoad.SinglesAsync(
            program.Port, Connections, options.Load, program.Accounts.SameShardPair, 3, cancel, most.PerSecond / 2);
        using var reading = await HttpConnection.OpenAsync(program.Port, cancel);
        var (lagRandom, readRandom) = (new SeededRandom(4), new SeededRandom(5));
        var lag = ClosedLoop.RunAsync(1,
            options.Load, _ => UntilVisibleAsync(lagging, program.Accounts, lagRandom, cancel), cancel, perSecond: 100);
        var reads = ClosedLoop.RunAsync(1, options.Load,
            _ => ReadsScenario.CustomerAsync(reading, program.Accounts, readRandom, cancel), cancel, perSecond: 200);
        var (loaded, visible, read) = (await load, await lag, await reads);
        return
        [
            new Figure("views level with the ledger after the maximum", caughtUp.TotalMilliseconds, "ms"),
            new Figure("load while lag is measured",
                loaded.PerSecond, "transfers/s", new Baseline("maximum", most.PerSecond)),
            new Figure("sent to visible in the customer's view, p50", visible.Latencies.Ms(0.5), "ms"),
            new Figure("sent to visible in the customer's view, p99", visible.Latencies.Ms(0.99),
                "ms", Target: Target.Max(options.Cluster is null ? EmbeddedLagMs : ClusterLagMs)),
            new Figure("reads of customers by id under that load, p50", read.Latencies.Ms(0.5), "ms"),
            new Figure("reads of customers by id under that load, p99",
                read.Latencies.Ms(0.99), "ms", Target: Target.Max(10)),
        ];
    }

    /// <exception cref="TimeoutException">They are still behind after three minutes.</exception>
    private static async Task<TimeSpan> UntilCaughtUpAsync(HttpConnection connection, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await connection.GetAsync("/v1/ops/lag?projection=customers", cancel);
            var behind = JsonNode.Parse(answer.Body)!["items"]!.AsArray().Sum(shard => (long)shard!["lagEvents"]!);
            if (behind == 0) return Stopwatch.GetElapsedTime(started);
            if (Stopwatch.GetElapsedTime(started) > CatchUpLimit) throw new TimeoutException(
                $"After {CatchUpLimit.TotalMinutes:0} minutes the views are still {behind} events behind.");
            await Task.Delay(PollMs, cancel);
        }
    }

    // From before the transfer is sent, so the figure holds commit and answer too: what it shows can only be more than
    // the lag.
    private static async Task UntilVisibleAsync(
        HttpConnection connection, AccountSet accounts, SeededRandom random, CancellationToken cancel)
    {
        var pair = accounts.SameShardPair(random);
        var answer = await connection.PostAsync(
            "/v1/payments/transfers", random.NextGuid().ToString(), HttpLoad.Transfer(random, _ => pair), cancel);
        var token = answer.Header("Tideline-Token")
            ?? throw new IOException($"A transfer answered {answer.Status} without a token: {answer.Text}");
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10))
        {
            var read = await connection.GetAsync($"/v1/customers/{accounts.Owners[pair.From]}",
                cancel, $"Tideline-Consistency: session\r\nTideline-Token: {token}\r\n");
            if (read.Status != 200) throw new IOException($"A customer's view answered {read.Status}: {read.Text}");
            if (read.Header("Tideline-Served-By") is "view" or "cache") return;
        }
    }
}
