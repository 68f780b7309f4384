using Tideline.Ledger;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation;
using Tideline.Tools.Simulation.Engines;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Opponent;

/// <summary>Breaks the installation while clients work: kills, pauses, clocks, outages, losses, damage.</summary>
internal sealed class Disturbances(
    SimulatedBank bank, RunPlan plan, Damages damages, TimeProvider time, RunLog log)
{
    private static readonly FaultKinds[] Kinds =
    [
        FaultKinds.Kills, FaultKinds.Pauses, FaultKinds.Clocks, FaultKinds.Outages, FaultKinds.Losses,
        FaultKinds.Damage,
    ];

    private static readonly string[] Engines = ["ledger", "log", "views", "cache"];
    private readonly List<Task> _restarts = [];

    /// <summary>Disturbs until it is stopped.</summary>
    public async Task RunAsync(Func<bool> isOver)
    {
        if ((plan.Faults & Kinds.Aggregate(FaultKinds.None, (all, kind) => all | kind)) == 0) return;
        for (var number = 0; !isOver() && number < OpponentLimits.Disturbances; number++)
        {
            var random = new SeededRandom(plan.Seed * 1_000_003 + (ulong)number);
            await Task.Delay(TimeSpan.FromMilliseconds(200 + random.Below(plan.DisturbMs)), time);
            var kind = Kinds[random.Below(Kinds.Length)];
            for (var draw = 0; draw < 3 && !plan.Faults.HasFlag(kind); draw++) kind = Kinds[random.Below(Kinds.Length)];
            if (plan.Mostly != FaultKinds.None && random.Percent(60)) kind = plan.Mostly;
            if (isOver() || plan.Calm.Contains(number) || !plan.Faults.HasFlag(kind)) continue;
            if (random.Percent(60)) await AimAsync(random);
            await DisturbAsync(number, kind, random);
        }

        await Task.WhenAll(_restarts);
    }

    // While a saga is under way: a moment after one of its messages has reached the log.
    private async Task AimAsync(SeededRandom random)
    {
        var before = Messages();
        for (var ms = 0; ms < OpponentLimits.AimMs && Messages() == before; ms += 2) await WaitAsync(2);
        await Task.Delay(TimeSpan.FromMicroseconds(random.Below(20_000)), time);
    }

    private long Messages() => Enumerable.Range(0, bank.Disks.Ledger.Map.Shards)
        .Sum(shard => bank.Disks.Log.HeadOf("saga.commands", shard));

    private async Task DisturbAsync(int number, FaultKinds kind, SeededRandom random)
    {
        var node = random.Below(bank.Nodes);
        switch (kind)
        {
            case FaultKinds.Kills:
                log.Note($"disturbance {number}: node {node} is killed");
                bank.Kill(node);
                _restarts.Add(RestartAsync(node, 50 + random.Below(5_000)));
                break;
            case FaultKinds.Pauses:
                await PauseAsync(number, node, random);
                break;
            case FaultKinds.Clocks:
                var jump = TimeSpan.FromMilliseconds((random.Below(2) * 2 - 1) * Math.Pow(10, 1 + random.Below(9)));
                log.Note($"disturbance {number}: the clock of node {node} jumps by {jump}");
                bank.SetClock(node, jump);
                await WaitAsync(random.Below(4_000));
                bank.SetClock(node, TimeSpan.Zero);
                break;
            case FaultKinds.Outages:
                // Now and then longer than any deadline.
                var isLong = random.Percent(plan.LongPercent);
                var engine = isLong ? "log" : Engines[random.Below(Engines.Length)];
                var lonelyPercent = plan.Mostly == FaultKinds.Outages ? 60 : 30;
                if (!isLong && random.Percent(lonelyPercent) && bank.Node(node) is { } lonely)
                    engine = Outages.NameOf(engine, lonely.Process);
                log.Note($"disturbance {number}: the {engine} is away");
                bank.Disks.Outages.Begin(engine);
                await WaitAsync(isLong ? OpponentLimits.LongOutageMs : 300 + random.Below(9_000));
                bank.Disks.Outages.End(engine);
                break;
            case FaultKinds.Damage:
                Damage(number, random);
                break;
            case FaultKinds.Losses:
                await LoseAsync(number, random);
                break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, "It disturbs nothing.");
        }
    }

    // Sometimes others take over meanwhile and end, so that the node owns its shards again before it has missed them.
    private async Task PauseAsync(int number, int node, SeededRandom random)
    {
        if (bank.Node(node) is not { } paused) return;
        log.Note($"disturbance {number}: node {node} stands still");
        paused.Process.Pause();
        await WaitAsync(500 + random.Below(8_000));
        if (plan.Faults.HasFlag(FaultKinds.Kills) && random.Percent(plan.Focus == RunFocus.Takeovers ? 70 : 35))
        {
            log.Note($"disturbance {number}: all other nodes are killed");
            for (var other = 0; other < bank.Nodes; other++)
            {
                if (other == node) continue;
                bank.Kill(other);
                _restarts.Add(RestartAsync(other, 2 * LedgerLimits.LeaseMs + random.Below(5_000)));
            }

            await WaitAsync(LedgerLimits.LeaseMs + random.Below(500));
        }

        paused.Process.Resume();
    }

    // What is put back lacks nothing but what happened meanwhile.
    private void Damage(int number, SeededRandom random)
    {
        for (var left = 1 + random.Below(3); left > 0; left--)
        {
            if (damages.Damage(random) is not { } damaged) return;
            log.Note($"disturbance {number}: somebody damages {damaged}");
            log.TouchViews();
            if (random.Percent(50)) _restarts.Add(PutBackAsync(damaged, random.Below(4_000)));
        }
    }

    private async Task PutBackAsync(Damaged damaged, int afterMs)
    {
        await WaitAsync(afterMs);
        damages.PutBack(damaged);
        log.Note($"somebody puts back {damaged}");
    }

    // The machines fail: log and views may lose what their contracts allow, or everything. Or the views alone are lost,
    // while all nodes go on.
    private async Task LoseAsync(int number, SeededRandom random)
    {
        if (random.Percent(25))
        {
            log.Note($"disturbance {number}: the views are lost under the running nodes");
            log.TouchViews();
            bank.Disks.Views.Wipe(keepsCollections: random.Percent(50));
            return;
        }

        for (var node = 0; node < bank.Nodes; node++) bank.Kill(node);
        log.TouchViews();
        if (random.Percent(50)) bank.Disks.Cache.Wipe();
        switch (random.Below(8))
        {
            case 0:
                log.Note($"disturbance {number}: all nodes are killed, and the log is lost");
                bank.Disks.Log.Wipe();
                break;
            case 5 or 6 or 7:
                log.Note($"disturbance {number}: all nodes are killed, and the log keeps the positions of its groups");
                bank.Disks.Log.Wipe(keepsPositions: true);
                break;
            case 1:
                log.Note($"disturbance {number}: all nodes are killed, and the views are lost");
                bank.Disks.Views.Wipe();
                break;
            case 2:
                log.Note($"disturbance {number}: all nodes are killed, and the views lose their newest batches");
                bank.Disks.Views.LoseNewest(1 + random.Below(5));
                break;
            default:
                log.Note($"disturbance {number}: all nodes are killed, and the log loses what can be made again");
                bank.Disks.Log.LoseDerivedTails(random.Below);
                bank.Disks.Log.LosePositions(random.Below);
                break;
        }

        await WaitAsync(random.Below(1_000));
        for (var node = 0; node < bank.Nodes; node++) _restarts.Add(RestartAsync(node, random.Below(2_000)));
    }

    private async Task RestartAsync(int node, int afterMs)
    {
        await WaitAsync(afterMs);
        await bank.KeepStartingAsync(node, time);
    }

    private Task WaitAsync(int ms) => Task.Delay(TimeSpan.FromMilliseconds(ms), time);
}
