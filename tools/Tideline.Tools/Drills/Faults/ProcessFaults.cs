using Tideline.Ledger;

namespace Tideline.Tools.Drills.Faults;

/// <summary>Nodes are killed and started again.</summary>
internal sealed class KillFault() : DrilledFault("kill", "nodes are killed with -9 and started again")
{
    private const int Kills = 3, MostDownMs = 800, SteadyMs = 1_000;

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        for (var kill = 0; kill < Kills; kill++)
        {
            var node = scene.Node();
            scene.Log.Note($"node {node} is killed");
            await scene.Bank.KillAsync(node);
            await Task.Delay(scene.Random.Below(MostDownMs), cancel);
            await scene.Bank.StartAsync(node, cancel);
            await Task.Delay(scene.Random.Below(SteadyMs), cancel);
        }
    }
}

/// <summary>Nodes stand still for longer than their lease, and go on.</summary>
internal sealed class PauseFault() : DrilledFault("pause", "nodes stand still (SIGSTOP) past their lease, and go on")
{
    private const int SteadyMs = 1_500;

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        for (var node = 0; node < scene.Bank.Nodes; node++)
        {
            scene.Log.Note($"node {node} stands still");
            scene.Bank.Pause(node);
            try
            {
                await Task.Delay(LedgerLimits.LeaseMs + 1_000 + scene.Random.Below(2_000), cancel);
            }
            finally
            {
                scene.Bank.Continue(node);
            }

            scene.Log.Note($"node {node} goes on");
            await Task.Delay(SteadyMs, cancel);
        }
    }
}

/// <summary>The disk of the strong tier is full for a while.</summary>
/// <param name="embedded">The disk of an embedded installation; null if it is on none of its own.</param>
internal sealed class DiskFault(SmallDisk? embedded)
    : DrilledFault("disk", "the disk of the ledger is full for a while")
{
    private const int FullMs = 3_000;

    public override string? WhyNot(RunningBank bank) => DiskOf(bank) is not null ? null
        : bank.Installation.IsShared && bank.Servers is null ? "the disk of your MySQL server is not this drill's"
        : "only root can mount a small disk";

    public override async Task StrikeAsync(DrillScene scene, CancellationToken cancel)
    {
        var disk = DiskOf(scene.Bank)!;
        scene.Log.Note("the disk of the ledger is full");
        try
        {
            await disk.FillAsync(cancel);
            await Task.Delay(FullMs, cancel);
        }
        finally
        {
            disk.Free();
        }

        scene.Log.Note("the disk of the ledger has space again");
        // As its supervisor does: MySQL may end when it cannot write its binary log.
        if (scene.Bank.Servers is { MySql.Process.IsAlive: false } servers) await servers.MySql.StartAsync(cancel);
    }

    private SmallDisk? DiskOf(RunningBank bank) => embedded ?? bank.Servers?.MySqlDisk;
}
