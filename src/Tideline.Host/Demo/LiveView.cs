using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Tideline.Host.Running;
using Tideline.Sagas;
using Tideline.Services.Accounts.Views;

namespace Tideline.Host.Demo;

/// <summary>Live figures: a panel on a terminal, or a plain line every few seconds elsewhere.</summary>
internal static class LiveView
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private const int LineEverySeconds = 5;

    public static async Task RunAsync(Server server, DemoTraffic traffic, CancellationToken stopping)
    {
        var sampler = new Sampler(server, traffic);
        try
        {
            if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive)
                await LinesAsync(sampler, stopping);
            else await AnsiConsole.Live(new Text("")).StartAsync(live => PanelAsync(live, sampler, stopping));
        }
        catch (OperationCanceledException)
        {
            // Stop was requested.
        }
    }

    private static async Task LinesAsync(Sampler sampler, CancellationToken stopping)
    {
        using var ticks = new PeriodicTimer(Every * LineEverySeconds);
        while (await ticks.WaitForNextTickAsync(stopping))
        {
            var now = await sampler.TakeAsync(stopping);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{now.PerSecond:F0}/s  durable p50 {now.P50Ms:F1} ms  p99 {now.P99Ms:F1} ms  view lag {now.LagMs:F0} "
                    + $"ms  sagas {now.Sagas} ({now.Parked} parked)  dead letters {now.DeadLetters}  refused "
                    + $"{now.Refused}  sums {(now.SumsAreZero ? "zero" : "BROKEN")}"));
        }
    }

    private static async Task PanelAsync(LiveDisplayContext live, Sampler sampler, CancellationToken stopping)
    {
        using var ticks = new PeriodicTimer(Every);
        while (await ticks.WaitForNextTickAsync(stopping))
        {
            live.UpdateTarget(Draw(await sampler.TakeAsync(stopping)));
            live.Refresh();
        }
    }

    private static Panel Draw(Sample now)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(4))
            .AddColumn(new GridColumn().NoWrap().PadRight(4)).AddColumn(new GridColumn().NoWrap());
        grid.AddRow("[grey]movements[/]", "[grey]from request to durable[/]", "[grey]agreement[/]");
        grid.AddRow(F($"[bold green]{now.PerSecond:F0}[/] per second"), F($"p50 [bold]{now.P50Ms:F1}[/] ms"),
            now.SumsAreZero ? "sums [bold green]zero[/] in every currency" : "sums [bold red]BROKEN[/]");
        grid.AddRow(F($"{now.Done:N0} done"), F($"p99 [bold]{now.P99Ms:F1}[/] ms"),
            now.DeadLetters == 0 ? "no dead letters" : F($"[bold red]{now.DeadLetters}[/] keys in dead letters"));
        grid.AddRow(F($"{now.AcrossShards:N0} across shards"), "[grey]in process, one movement[/]", now.Parked == 0
            ? F($"{now.Sagas} sagas under way")
            : F($"{now.Sagas} sagas, [bold red]{now.Parked} parked[/]"));
        grid.AddRow(
            F($"{now.Refused:N0} refused"), "", now.Failed == 0 ? "" : F($"[bold red]{now.Failed:N0}[/] faults"));
        var shards = new Table().Border(TableBorder.None);
        shards.AddColumn(new TableColumn("[grey]shard[/]").PadRight(4));
        foreach (var column in (string[])["events", "on the log", "in the views", "view lag"])
            shards.AddColumn(new TableColumn($"[grey]{column}[/]").RightAligned().PadRight(4));
        foreach (var shard in now.Shards)
            shards.AddRow(
                F($"{shard.Shard}"), F($"{shard.Head:N0}"), F($"{shard.Relayed:N0}"), F($"{shard.Watermark:N0}"),
                shard.Healthy ? F($"[green]{shard.LagMs:F0} ms[/]") : F($"[red]{shard.LagMs:F0} ms[/]"));
        return new Panel(new Rows(grid, new Text(""), shards))
            .Header("[bold] Tideline [/]").Border(BoxBorder.Rounded).BorderColor(Color.Teal).Padding(2, 1);
    }

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record ShardSample(int Shard, long Head, long Relayed, long Watermark, double LagMs, bool Healthy);

    private sealed record Sample(
        double PerSecond, double P50Ms, double P99Ms, double LagMs, int Sagas, int Parked, int DeadLetters,
        long Done, long Refused, long AcrossShards, long Failed, bool SumsAreZero, IReadOnlyList<ShardSample> Shards);

    private sealed class Sampler(Server server, DemoTraffic traffic)
    {
        private const int SagasCounted = 200;
        private long _doneBefore;
        private long _at = Stopwatch.GetTimestamp();

        public async Task<Sample> TakeAsync(CancellationToken cancel)
        {
            var node = server.Node;
            var latencies = traffic.TakeLatencies();
            latencies.Sort();
            var (done, seconds) = (Interlocked.Read(ref traffic.Done), Stopwatch.GetElapsedTime(_at).TotalSeconds);
            var perSecond = (done - _doneBefore) / seconds;
            (_doneBefore, _at) = (done, Stopwatch.GetTimestamp());
            var sagas = (await node.Sagas.ListAsync(null, SagasCounted, cancel)).Items;
            var relayed = node.Relay.Status.ToDictionary(status => status.Shard, status => status.RelayedSeq);
            var shards = node.Projections[CustomersProjection.Name].Projector.Status()
                .Select(status => new ShardSample(status.Shard,
                    status.Head, relayed[status.Shard], status.Watermark, status.LagMs, status.Healthy)).ToList();
            return new Sample(
                perSecond, At(latencies, 0.5), At(latencies, 0.99),
                shards.Max(shard => shard.LagMs), sagas.Count, sagas.Count(saga => saga.State == SagaState.Parked),
                node.Projections.All.Sum(projection => projection.DeadLetters.List().Count),
                done, Interlocked.Read(ref traffic.Refused), Interlocked.Read(ref traffic.AcrossShards),
                Interlocked.Read(ref traffic.Failed), await SumsAreZeroAsync(cancel), shards);
        }

        private async Task<bool> SumsAreZeroAsync(CancellationToken cancel)
        {
            for (var shard = 0; shard < server.Node.Ledger.Map.Shards; shard++)
            {
                foreach (var (_, posted, _) in await server.Node.Ledger.RawReader(shard).GetTotalsAsync(cancel))
                {
                    if (posted != 0) return false;
                }
            }

            return true;
        }

        private static double At(List<double> sorted, double quantile) => sorted.Count == 0
            ? 0
            : sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * quantile)];
    }
}
