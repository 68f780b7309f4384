using System.Diagnostics;
using System.Globalization;
using Tideline.Kernel;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;
using Tideline.Tools.Opponent;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Drills.Faults;

/// <summary>
/// The clients and the model of the simulation against real processes on real engines: every fault in turn, under load,
/// and after each the installation must become quiet and agree with itself; at the end the whole history is checked.
/// </summary>
internal sealed class OpponentDrill(DrillOptions options)
{
    private const int Clients = 6, ThinkUs = 100_000, LeadMs = 1_000, QuietStepMs = 500, MostPrinted = 5;
    private const ulong FaultSeed = 7_919;
    private readonly List<Round> _rounds = [];

    /// <summary>The names of the faults.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["kill", "pause", "line", "restart", "disk", "loss", "edit", "flip", "foreign"];

    /// <summary>Runs the drill.</summary>
    /// <exception cref="TidelineException">NotFound, StorageUnavailable: a server could not be had or
    /// started.</exception>
    /// <exception cref="IOException">The program ended by itself.</exception>
    public Task<DrillReport> RunAsync(CancellationToken cancel) =>
        // The clients share what they know: one of them runs at a time.
        Task.Factory.StartNew(
            () => RunAloneAsync(cancel), cancel, TaskCreationOptions.None,
            new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap();

    private async Task<DrillReport> RunAloneAsync(CancellationToken cancel)
    {
        var program = HostProgram.Find(options.HostPath);
        using var folder = new TemporaryFolder("opponent", options.DataFolder);
        await using var servers = options.OwnServers
            ? await EngineServers.StartAsync(Path.Combine(folder.Path, "servers"), cancel) : null;
        var cluster = servers?.Addresses ?? options.Cluster;
        var data = Path.Combine(folder.Path, "data");
        await using var disk = cluster is null
            ? await SmallDisk.MountAsync(data, SmallDisk.EmbeddedMiB, cancel) : null;
        await using var installation = new Installation(data, options.Shards, cluster);
        using var bank = new RunningBank(program, installation, servers, cluster is null ? 1 : 2);
        using var editor = EditorOf(installation);
        DrilledFault[] faults =
        [
            new KillFault(), new PauseFault(), new LineFault(), new RestartFault(), new DiskFault(disk),
            new LossFault(), new EditFault(editor), new FlipFault(), new ForeignFault(installation.Node.Cluster),
        ];
        return await RunAsync(bank, faults, cancel);
    }

    private async Task<DrillReport> RunAsync(RunningBank bank, DrilledFault[] faults, CancellationToken cancel)
    {
        var log = new RunLog(() => bank.ElapsedUs);
        var plan = new RunPlan(
            options.Seed, options.Shards, bank.Nodes, Groups: 0, Clients, Operations: int.MaxValue, FaultKinds.None)
        { ThinkUs = ThinkUs, HasJournals = false };
        var violations = new Violations();
        var clients = new Clients(bank, plan, TimeProvider.System, log);
        var scene = new DrillScene(bank, clients, new SeededRandom(options.Seed * FaultSeed), log, violations);
        var began = Stopwatch.GetTimestamp();
        try
        {
            await bank.StartAllAsync(cancel);
            do
            {
                foreach (var fault in faults)
                {
                    if (options.Faults.Count > 0 && !options.Faults.Contains(fault.Name)) continue;
                    cancel.ThrowIfCancellationRequested();
                    await RunAsync(fault, scene, cancel);
                }
            }
            while (Stopwatch.GetElapsedTime(began).TotalMinutes < options.Minutes && violations.All.Count == 0);
            var drained = await bank.StopAllAsync();
            await new HistoryChecks(bank.Installation, log, violations).RunAsync(cancel);
            return Report(log, violations, drained);
        }
        catch (Exception fault) when (fault is IOException or TimeoutException)
        {
            throw new IOException($"{fault.Message}\n{bank.LastWords}", fault);
        }
        finally
        {
            if (options.HistoryFile is { } file)
                await File.WriteAllLinesAsync(file, log.Lines(), CancellationToken.None);
        }
    }

    private async Task RunAsync(DrilledFault fault, DrillScene scene, CancellationToken cancel)
    {
        if (fault.WhyNot(scene.Bank) is { } why)
        {
            Print(new Round(fault.Name, why, 0, 0, 0, true));
            return;
        }

        scene.Log.Note($"fault {fault.Name}: {fault.Sentence}");
        var (first, broken) = (scene.Log.Operations.Count, scene.Violations.All.Count);
        var isOver = false;
        var load = scene.Clients.RunAsync(() => isOver);
        try
        {
            await Task.Delay(LeadMs, cancel);
            await fault.StrikeAsync(scene, cancel);
        }
        finally
        {
            isOver = true;
            await load;
        }

        var healedAt = Stopwatch.GetTimestamp();
        var sent = scene.Log.Operations.Count - first;
        var unanswered = scene.Log.Operations.Skip(first).Count(operation => operation.Ending == Ending.Unknown);
        await scene.Clients.ResolveAsync(cancel);
        await fault.MendAsync(scene, cancel);
        var quiet = new Quiet(scene.Clients, scene.Bank, TimeProvider.System, QuietStepMs);
        await quiet.WaitAsync(scene.Violations, cancel);
        var quietS = Stopwatch.GetElapsedTime(healedAt).TotalSeconds;
        if (quiet.WaitedFor.Length > 0)
            scene.Log.Note($"it is quiet after {quietS:F1} s; it waited last for: {quiet.WaitedFor}");
        await fault.InspectAsync(scene, cancel);
        var disagreement = await scene.VerifyAsync();
        if (disagreement is not null) scene.Violations.Add("verify", $"After {fault.Name}: {disagreement}");
        Print(new Round(
            fault.Name, null, sent, unanswered, quietS, scene.Violations.All.Count == broken));
        // At once: who stops a long drill knows why.
        foreach (var violation in scene.Violations.All.Skip(broken).Take(MostPrinted))
            Console.WriteLine($"{violation}");
    }

    private void Print(Round round)
    {
        if (_rounds.Count == 0)
            Console.WriteLine("fault       operations   without answer   quiet after, s   verify --deep");
        _rounds.Add(round);
        Console.WriteLine(round.WhyNot is { } why ? $"{round.Fault,-10}  not tried: {why}" : string.Create(
            CultureInfo.InvariantCulture, $"{round.Fault,-10} {round.Sent,11:N0} {round.Unanswered,16:N0} "
                + $"{round.QuietS,16:F1}   {(round.IsClean ? "every check held" : "BROKEN")}"));
    }

    private DrillReport Report(RunLog log, Violations violations, bool drained)
    {
        var tried = _rounds.Where(round => round.WhyNot is null).ToList();
        if (tried.Count == 0)
        {
            throw new TidelineException(ErrorCode.InvalidInput, "None of these faults can be made here, and nothing "
                + $"was checked: {string.Join("; ", _rounds.Select(round => $"{round.Fault} ({round.WhyNot})"))}.");
        }

        foreach (var violation in violations.All) Console.WriteLine($"{violation}");
        // What shows them, each once: a list may lack many events.
        foreach (var operation in violations.All.SelectMany(violation => violation.Operations).Distinct())
            Console.WriteLine($"{operation}");
        return new DrillReport(
            "opponent",
            [
                new Check("every answer fits the model of the bank", violations.All.Count == 0,
                    violations.All.Count == 0 ? $"{log.Operations.Count} operations of {Clients} clients"
                        : $"{violations.All.Count} violations, the first: {violations.All[0]}"),
                new Check("verify --deep after each fault", tried.TrueForAll(round => round.IsClean),
                    string.Join(", ", tried.Select(round => round.Fault).Distinct())),
                new Check("drain", drained, "SIGTERM ended each node with exit code 0"),
            ],
            [
                new("faults tried", tried.Count, "faults"),
                new("operations", tried.Sum(round => round.Sent), "requests"),
                new("without an answer at first", tried.Sum(round => round.Unanswered), "requests"),
                new("quiet after, at most", tried.Count == 0 ? 0 : tried.Max(round => round.QuietS), "s"),
                new("violations", violations.All.Count, "violations", Target: Target.Max(0)),
            ]);
    }

    private static IStoreEditor EditorOf(Installation installation) => installation.Node.Cluster is { } cluster
        ? new ClusterEditor(cluster) : new EmbeddedEditor(installation.DataFolder);

    private sealed record Round(
        string Fault, string? WhyNot, int Sent, int Unanswered, double QuietS, bool IsClean);
}
