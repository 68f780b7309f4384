using Tideline.Tools.Load;
using Tideline.Tools.Simulation;
using Tideline.Tools.Simulation.Engines;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Opponent;

/// <summary>Breaks the installation while clients work: kills, pauses, clocks, outages, losses.</summary>
internal sealed class Disturbances(SimulatedBank bank, RunPlan plan, TimeProvider time, RunLog log)
{
    private static readonly FaultKinds[] Kinds =
        [FaultKinds.Kills, FaultKinds.Pauses, FaultKinds.Clocks, FaultKinds.Outages, FaultKinds.Losses];

    private static readonly string[] Engines = ["ledger", "log", "views"];
    private readonly List<Task> _restarts = [];

    /// <summary>Disturbs until it is stopped.</summary>
    public async Task RunAsync(Func<bool> isOver)
    {
        if ((plan.Faults & Kinds.Aggregate(FaultKinds.None, (all, kind) => all | kind)) == 0) return;
        for (var number = 0; !isOver() && number < OpponentLimits.Disturbances; number++)
        {
            var random = new SeededRandom(plan.Seed * 1_000_003 + (ulong)number);
            await Task.Delay(TimeSpan.FromMilliseconds(200 + random.Below(4_000)), time);
            var kind = Kinds[random.Below(Kinds.Length)];
            if (isOver() || plan.Calm.Contains(number) || !plan.Faults.HasFlag(kind)) continue;
            await DisturbAsync(number, kind, random);
        }

        await Task.WhenAll(_restarts);
    }

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
                if (bank.Node(node) is not { } paused) break;
                log.Note($"disturbance {number}: node {node} stands still");
                paused.Process.Pause();
                await WaitAsync(500 + random.Below(8_000));
                paused.Process.Resume();
                break;
            case FaultKinds.Clocks:
                var jump = TimeSpan.FromMilliseconds((random.Below(2) * 2 - 1) * Math.Pow(10, 1 + random.Below(9)));
                log.Note($"disturbance {number}: the clock of node {node} jumps by {jump}");
                bank.SetClock(node, jump);
                await WaitAsync(random.Below(4_000));
                bank.SetClock(node, TimeSpan.Zero);
                break;
            case FaultKinds.Outages:
                var engine = Engines[random.Below(Engines.Length)];
                log.Note($"disturbance {number}: the {engine} is away");
                bank.Disks.Outages.Begin(engine);
                // Now and then longer than any deadline.
                await WaitAsync(random.Percent(4) ? OpponentLimits.LongOutageMs : 300 + random.Below(9_000));
                bank.Disks.Outages.End(engine);
                break;
            default:
                await LoseAsync(number, random);
                break;
        }
    }

    // The machines fail: log and views may lose what their contracts allow, or everything.
    private async Task LoseAsync(int number, SeededRandom random)
    {
        for (var node = 0; node < bank.Nodes; node++) bank.Kill(node);
        switch (random.Below(5))
        {
            case 0:
                log.Note($"disturbance {number}: all nodes are killed, and the log is lost");
                bank.Disks.Log.Wipe();
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
