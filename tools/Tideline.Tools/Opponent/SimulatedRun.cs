using System.Diagnostics;
using Tideline.Kernel;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation;
using Tideline.Tools.Simulation.Engines;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Opponent;

/// <summary>
/// One run: an installation is started, clients work while it is disturbed, everything heals, what has no answer is
/// asked again, and then the laws are checked.
/// </summary>
internal static class SimulatedRun
{
    private const string Prefix = "tideline-simulation-";
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Runs a plan.</summary>
    public static async Task<RunResult> RunAsync(RunPlan plan)
    {
        var random = new SeededRandom(plan.Seed);
        var world = new World(random.Next() + plan.Variant, Start);
        Ledger.ShardThreads.Used = world.Threads;
        var servers = new SimulatedProcess(world, 0, "servers");
        var clients = new SimulatedProcess(world, 1, "clients");
        var ids = new IdGenerator(servers.Time, random.Next());
        var disks = new SimulatedDisks(
            new LedgerDisk(plan.Shards, ids.Next(), plan.Groups) { IsDurableAtCommit = plan.Nodes > 1 },
            new LogDisk(), new ViewDisk(), new CacheDisk(), servers.Time, plan.Faults, plan.FaultRate, new Outages());
        var folder = Path.Combine(Folder(), ids.Next().ToString("N"));
        var bank = new SimulatedBank(world, disks, plan.Nodes, random.Fork(), folder);
        var log = new RunLog(() => world.NowTicks / 10);
        var violations = new Violations();
        try
        {
            await world.RunAsync(clients, () => RunAsync(plan, world, clients, bank, log, violations));
        }
        catch (SimulationException standstill)
        {
            violations.Add("I6", standstill.Message);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // As an answer that lacks a field; it may be the simulation's own.
            violations.Add("rig", $"The run ended with {fault}");
        }
        finally
        {
            for (var node = 0; node < bank.Nodes; node++) bank.Kill(node);
            if (Directory.Exists(Folder())) Directory.Delete(Folder(), recursive: true);
        }

        return new RunResult(plan, log, violations, world.Trace, world.Steps, world.NowTicks / 1e7);
    }

    private static async Task RunAsync(
        RunPlan plan, World world, SimulatedProcess process, SimulatedBank bank, RunLog log, Violations violations)
    {
        var time = process.Time;
        await Task.WhenAll(Enumerable.Range(0, bank.Nodes).Select(node => bank.KeepStartingAsync(node, time)));
        var clients = new Clients(bank, plan, time, log);
        var (isOver, damages) = (false, new Damages(bank.Disks.Views));
        var restore = new Restore(bank, clients, log, time, violations);
        var backup = restore.TakeAsync(new SeededRandom(plan.Seed));
        var disturbances = new Disturbances(bank, plan, damages, time, log).RunAsync(() => isOver);
        await clients.RunAsync();
        isOver = true;
        await disturbances;
        await backup;

        log.Note("everything heals");
        bank.Disks.Outages.Heal();
        // Most nodes go on as they are: what has ended silently must not be hidden by a restart.
        var restarts = new SeededRandom(plan.Seed).Percent(25);
        for (var node = 0; node < bank.Nodes; node++)
            if (restarts || bank.Node(node)?.Process.IsBroken == true) bank.Kill(node);
        await Task.WhenAll(Enumerable.Range(0, bank.Nodes).Select(node => bank.KeepStartingAsync(node, time)));
        // A call that hangs ends by itself.
        if (plan.Faults.HasFlag(FaultKinds.Hanging))
            await Task.Delay(TimeSpan.FromMilliseconds(2 * FaultRates.HangMs), time);
        await clients.ResolveAsync();
        if (plan.Faults.HasFlag(FaultKinds.Damage))
            await new Operators(bank, clients, damages, log, time, violations).MendAsync(new SeededRandom(plan.Seed));
        await new Quiet(clients, bank, time).WaitAsync(violations);
        if (plan.Faults.HasFlag(FaultKinds.Losses) && plan.Seed % 3 == 0)
        {
            await new IdleLoss(bank, clients, log, time).RunAsync(new SeededRandom(plan.Seed));
            await new Quiet(clients, bank, time).WaitAsync(violations);
        }

        var hasClocks = (plan.Faults & (FaultKinds.Clocks | FaultKinds.Skew)) != 0;
        var model = await new LawChecks(bank, clients, log, time, hasClocks, violations).RunAsync();
        // Clocks that differ by no more than they may keep nobody from reading.
        if (!plan.Faults.HasFlag(FaultKinds.Clocks)
            && log.Operations.FirstOrDefault(operation => operation.Problem == "clock-wrong") is { } wrong)
            violations.Add("model", "The clocks are well, and are said to be wrong", wrong);
        // One of the two ends; a lost tail more often.
        if (violations.All.Count > 0) return;
        var (restores, tails) = (plan.Faults.HasFlag(FaultKinds.Restores), plan.Faults.HasFlag(FaultKinds.Tails));
        if (restores && (!tails || plan.Seed % 3 == 0)) await restore.RunAsync();
        else if (tails)
            await new LostTail(bank, clients, model, log, time, violations).RunAsync(new SeededRandom(plan.Seed));
    }

    /// <summary>Deletes what processes left behind that were killed.</summary>
    public static void SweepFolders()
    {
        foreach (var folder in Directory.EnumerateDirectories(Parent(), $"{Prefix}*"))
        {
            if (!int.TryParse(Path.GetFileName(folder)[Prefix.Length..], out var id) || IsRunning(id)) continue;
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // Another worker sweeps, too, or it is another user's.
            }
        }
    }

    private static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return id != Environment.ProcessId;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string Folder() => Path.Combine(Parent(), $"{Prefix}{Environment.ProcessId}");

    // In memory where the machine has such a folder: a run opens and flushes many small files.
    private static string Parent() => Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
}

/// <summary>What a run showed.</summary>
internal sealed record RunResult(
    RunPlan Plan, RunLog Log, Violations Violations, ulong Trace, long Steps, double VirtualSeconds)
{
    public bool Ok => Violations.All.Count == 0;
}
