using Tideline.Tools.Baselines;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// Durable same-shard transfers in this process, against the bare engine and against one database transaction per
/// transfer.
/// </summary>
internal static class TransfersScenario
{
    private const int InFlight = 2_048, Clients = 64, HotOthers = 1_000;
    private static readonly int[] Sizes = [1_000, 100_000, 1_000_000];

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var figures = new List<Figure>();
        foreach (var accounts in context.Options.Accounts is { } asked ? [asked] : Sizes)
            figures.AddRange(await MeasureAsync(context, accounts));
        // How cost grows with shards: one writer more, and half of the keys have their home elsewhere.
        if (context.Options.Accounts is null) figures.AddRange(await MeasureAsync(
            context with { Options = context.Options with { Shards = context.Options.Shards * 2 } }, Sizes[0]));
        figures.AddRange(await HotAsync(context));
        figures.AddRange(await WholeNode.TransfersAsync(context, context.Options.Accounts ?? Sizes[0]));
        return figures;
    }

    /// <summary>The ledger alone on so many accounts, with its baselines.</summary>
    internal static async Task<IReadOnlyList<Figure>> MeasureAsync(ScenarioContext context, int accounts)
    {
        var shards = context.Options.Shards;
        var size = $"{Size(accounts)}-{shards}";
        LoopResult many, few, half, fewHalf;
        PayloadSizes sizes;
        int fewBatch;
        await using (var installation = context.Install($"ledger-{size}"))
        await using (var alone = await LedgerAlone.StartAsync(installation, context.Time, context.Cancel))
        {
            ScenarioContext.Say($"loading {accounts:#,0} accounts");
            var set = await AccountSet.LoadAsync(alone.Ledger, accounts, new SeededRandom(1), context.Cancel);
            ScenarioContext.Say($"transfers, {InFlight} in flight, then {Clients} clients, then half of each");
            many = await TransferLoad.RunAsync(
                alone.Payments, InFlight, context.Options.Load, set.SameShardPair, 2, context.Cancel);
            var meter = new BatchMeter(alone.Ledger);
            few = await TransferLoad.RunAsync(
                alone.Payments, Clients, context.Options.Load, set.SameShardPair, 3, context.Cancel);
            fewBatch = meter.TakeMean();
            half = await TransferLoad.RunAsync(alone.Payments,
                InFlight, context.Options.Load, set.SameShardPair, 7, context.Cancel, many.PerSecond / 2);
            fewHalf = await TransferLoad.RunAsync(
                alone.Payments, Clients, context.Options.Load, set.SameShardPair, 8, context.Cancel, few.PerSecond / 2);
            sizes = await PayloadSizes.MeasureAsync(alone.Ledger.Reader(0), context.Cancel);
        }

        ScenarioContext.Say("baselines raw and naive");
        await using var baselines = context.Baselines($"baselines-{size}", accounts / shards, sizes);
        var raw = await baselines.RawAsync(batch: 1_024, context.Options.Duration);
        // At the size that the clients reached: a commit holds some of them, hardly ever all.
        var rawFew = await baselines.RawAsync(fewBatch, context.Options.Duration);
        var naive = await baselines.NaiveAsync(Clients, context.Options.Duration);
        var place = $"{Size(accounts)} accounts, {shards} shard{(shards == 1 ? "" : "s")}";
        var name = $"same-shard transfers, ledger alone, {place}";
        return
        [
            new Figure($"{name}, {InFlight} in flight", many.PerSecond, "transfers/s", Target: Target.Min(15_000)),
            new Figure($"{name}, {InFlight} in flight, to raw",
                many.PerSecond, "transfers/s", new Baseline("raw, 1024 a batch", raw), Target.MinRatio(0.6)),
            .. TransferLoad.LatencyFigures($"{name}, {InFlight} in flight", many),
            new Figure($"{name}, {Clients} clients", few.PerSecond, "transfers/s", new Baseline(
                "naive, 64 clients", naive.PerSecond), Target.MinRatio(context.Options.Cluster is null ? 8 : 10)),
            new Figure($"{name}, {Clients} clients, transfers a batch", fewBatch, "transfers"),
            new Figure($"{name}, {Clients} clients, to raw", few.PerSecond, "transfers/s",
                new Baseline($"raw, {fewBatch} a batch", rawFew)),
            .. TransferLoad.LatencyFigures($"{name}, {Clients} clients", few),
            .. TransferLoad.LatencyFigures($"{name}, half of the maximum ({half.PerSecond:0}/s)", half, Target.Max(50)),
            .. TransferLoad.LatencyFigures(
                $"{name}, half of what {Clients} clients reach ({fewHalf.PerSecond:0}/s)", fewHalf, Target.Max(50)),
            new Figure($"naive transfers, {place}, {Clients} clients, p99", naive.Latencies.Ms(0.99), "ms"),
        ];
    }

    // The hot account is one side of every transfer, paying and paid in turn; so all of them are of one shard, while
    // the spread ones use them all.
    private static async Task<IReadOnlyList<Figure>> HotAsync(ScenarioContext context)
    {
        ScenarioContext.Say("one hot account");
        await using var installation = context.Install("hot");
        await using var alone = await LedgerAlone.StartAsync(installation, context.Time, context.Cancel);
        var set = await AccountSet.LoadAsync(
            alone.Ledger, (HotOthers + 1) * context.Options.Shards, new SeededRandom(4), context.Cancel);
        var shard = set.ByShard[0];
        var spread = await TransferLoad.RunAsync(
            alone.Payments, InFlight, context.Options.Load, set.SameShardPair, 5, context.Cancel);
        var hot = await TransferLoad.RunAsync(alone.Payments, InFlight, context.Options.Load, Pair, 6, context.Cancel);
        return
        [
            new Figure("one hot account against its shard's others", hot.PerSecond,
                "transfers/s", new Baseline("spread over all shards", spread.PerSecond), Target.MinRatio(0.5)),
            .. TransferLoad.LatencyFigures("one hot account", hot),
        ];

        (Guid From, Guid To) Pair(SeededRandom random)
        {
            var other = shard[1 + random.Below(shard.Length - 1)];
            return random.Percent(50) ? (shard[0], other) : (other, shard[0]);
        }
    }

    private static string Size(int accounts) => accounts switch
    {
        >= 1_000_000 => $"{accounts / 1_000_000}M",
        >= 1_000 => $"{accounts / 1_000}k",
        _ => $"{accounts}",
    };
}
