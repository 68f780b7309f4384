using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Failover;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Payments;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// Strikes the primary of a real MySQL group under load, again and again, each time another way, and proves that
/// nothing acknowledged was lost or done twice, and how long it took. Controller, ledger and clients run in this
/// process.
/// </summary>
internal sealed class FailoverDrill(DrillOptions options, TimeProvider time)
{
    private const int Accounts = 200, Threads = 32;
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly Blow[] Blows = [Blow.Killed, Blow.Paused, Blow.CutOff];
    private readonly List<Run> _runs = [];

    /// <summary>Runs the drill.</summary>
    /// <exception cref="TidelineException">NotFound, StorageUnavailable: the servers could not be had or
    /// made.</exception>
    /// <exception cref="TimeoutException">The group did not come back.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        // As up does: some threads wait for a server that does not answer, and the controller must not wait for them.
        ThreadPool.SetMinThreads(Math.Max(Threads, Environment.ProcessorCount * 2), 8);
        using var folder = new TemporaryFolder("failover", options.DataFolder);
        await using var group = await MySqlGroup.StartAsync(folder.Path, cancel);
        await using var controller = new FailoverController(
            new FailoverOptions { Group = group.Address }, time, NullLogger.Instance);
        controller.Start();
        await UntilAsync(() => controller is { Primary: not null, Followers: 2 },
            () => $"the group is not whole: {controller.Refusal}", cancel);

        await using var store = await MySqlLedgerStore.OpenAsync(new MySqlLedgerOptions
        {
            Primaries = [group.Address], Shards = options.Shards
        }, time, NullLogger.Instance, cancel);
        await using var ledger = await GeneralLedger.StartAsync(
            store, time, new IdGenerator(time), NullLogger.Instance, cancel);
        var random = new SeededRandom(options.Seed);
        var accounts = await AccountSet.LoadAsync(ledger, Accounts, random.Fork(), cancel);
        var payments = new Transfers(ledger, new SagaWaiters(ledger), time);
        var load = new FailoverLoad(ledger.Map, async (from, to, amount, key, token) =>
        {
            var reply = await payments.TransferAsync(new TransferRequest(from, to, amount, null, key, key), token);
            return reply.Status == TransferStatus.Settled ? reply.TransferId : throw new TidelineException(
                ErrorCode.Internal, $"A transfer of the load did not settle: {reply.Status} {reply.Refusal?.Detail}");
        }, accounts, options.Connections, random.Fork());
        for (var run = 1; run <= options.Runs; run++) await StrikeAsync(group, controller, load, run, cancel);
        await load.EndAsync();
        return await ReportAsync(ledger, load, random.Fork(), cancel);
    }

    private async Task StrikeAsync(
        MySqlGroup group, FailoverController controller, FailoverLoad load, int number, CancellationToken cancel)
    {
        await Task.Delay(Steady, cancel);
        var (blow, struck, term) =
            (Blows[(number - 1) % Blows.Length], group.Find(controller.Primary!), controller.Last?.Term ?? 1);
        load.Begin();
        await group.StrikeAsync(struck, blow, cancel);
        await UntilAsync(() => controller.Last is { } last
            && last.Term > term, () => $"run {number}: no new primary: {controller.Refusal}", cancel);
        var promotedAt = Stopwatch.GetTimestamp();
        await UntilAsync(
            () => load.AnsweredSince(promotedAt), () => $"run {number}: the ledger does not answer", cancel);
        var (recoveryMs, report) = (load.LongestGapMs(), controller.Last!);
        await group.HealAsync(struck, blow, cancel);
        await UntilAsync(() => controller.Followers == 2 || controller.InQuarantine.Count > 0,
            () => $"run {number}: the old primary did not come back: {controller.Refusal}", cancel);
        var isQuarantined = controller.InQuarantine.Count > 0;
        if (isQuarantined) await group.ReseedAsync(struck, group.Find(controller.Primary!), cancel);
        await UntilAsync(() => controller.Followers == 2,
            () => $"run {number}: the group is not whole again: {controller.Refusal}", cancel);
        await group.CatchUpAsync(group.Find(controller.Primary!), cancel);
        _runs.Add(new Run(number, blow, report, recoveryMs, isQuarantined));
        Print(_runs[^1]);
    }

    private async Task<DrillReport> ReportAsync(
        GeneralLedger ledger, FailoverLoad load, SeededRandom random, CancellationToken cancel)
    {
        var books = Enumerable.Range(0, ledger.Map.Shards).Select(ledger.Reader).ToArray();
        var proof = await LoadProof.ReadAsync(load, books, random, cancel);
        var recoveries = new Recoveries(_runs.Select(run => run.RecoveryMs));
        var isSound = proof.Lost == 0 && proof.Differences.Count == 0;
        return new DrillReport(
            "failover",
            [.. proof.Checks, new Check("I11 one acknowledging primary a term", isSound,
                "what an old primary acknowledged would be missing in the books of the last one"), recoveries.Check],
            [.. proof.Figures, .. recoveries.Figures,
                new Figure("old primaries in quarantine", _runs.Count(run => run.IsQuarantined), "runs")]);
    }

    private static void Print(Run run)
    {
        if (run.Number == 1)
            Console.WriteLine("run  primary was   detect   fence   drain  promote   route  recovery, ms   old primary");
        var (report, rest) = (run.Report,
            run.RecoveryMs - run.Report.DetectMs - run.Report.FenceMs - run.Report.DrainMs - run.Report.PromoteMs);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{run.Number,3}  {Words(run.Blow),-12} {report.DetectMs,7:0} {report.FenceMs,7:0} "
                + $"{report.DrainMs,7:0} {report.PromoteMs,8:0} {Math.Max(0, rest),7:0} {run.RecoveryMs,9:0}       "
                + $"{(run.IsQuarantined ? "quarantined, seeded anew" : "follows")}"));
    }

    private static string Words(Blow blow) => blow switch
    {
        Blow.Killed => "killed",
        Blow.Paused => "paused",
        _ => "cut off",
    };

    private static async Task UntilAsync(Func<bool> isSo, Func<string> why, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            if (Stopwatch.GetElapsedTime(began) > Limit)
                throw new TimeoutException($"After {Limit.TotalSeconds:0} s {why()}");
            await Task.Delay(10, cancel);
        }
    }

    private sealed record Run(int Number, Blow Blow, FailoverReport Report, double RecoveryMs, bool IsQuarantined);
}
