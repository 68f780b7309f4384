#pragma warning disable CA2000 // The parts live as long as the host; DisposeAsync ends them.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>The projections of one process: everything between the log and the views, started together.</summary>
public sealed class ProjectionHost : IAsyncDisposable
{
    private ProjectionHost(
        Projector projector, DeadLetterQueue letters, Aging aging, Rebuild rebuild, ViewRepair repair,
        DamagedDocuments damaged)
    {
        (Projector, Letters, DeadLetters, Aging, Rebuild) =
            (projector, letters, new DeadLetterOperations(projector, letters), aging, rebuild);
        (Repair, Damaged) = (repair, damaged);
    }

    /// <summary>Log → views, and how far they are.</summary>
    public Projector Projector { get; }

    /// <summary>Events that could not be folded.</summary>
    public DeadLetterOperations DeadLetters { get; }

    /// <summary>Which customers are knowingly behind.</summary>
    internal DeadLetterQueue Letters { get; }

    /// <summary>Days that leave the window.</summary>
    public Aging Aging { get; }

    /// <summary>The views built anew beside the live ones.</summary>
    public Rebuild Rebuild { get; }

    /// <summary>Building one customer anew.</summary>
    public ViewRepair Repair { get; }

    /// <summary>Documents that somebody broke, as far as this process met them.</summary>
    public DamagedDocuments Damaged { get; }

    /// <summary>Opens the active version of the views and begins to follow the log.</summary>
    public static async Task<ProjectionHost> StartAsync(
        GeneralLedger ledger,
        ILog log, IViewStore views, TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        var host = await CreateAsync(ledger, log, views, time, loggers, cancel);
        host.Projector.Start();
        host.Aging.Start();
        return host;
    }

    /// <summary>The parts without their loops: for tests that step them.</summary>
    internal static async Task<ProjectionHost> CreateAsync(
        GeneralLedger ledger,
        ILog log, IViewStore views, TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        var damaged = new DamagedDocuments();
        var letters = new DeadLetterQueue(ledger, log, views, time, loggers.CreateLogger<DeadLetterQueue>());
        var projector = await Projector.CreateAsync(
            ledger, log, views, time, loggers.CreateLogger<Projector>(), letters, cancel);
        return new ProjectionHost(
            projector,
            letters,
            new Aging(projector, views, damaged, time, loggers.CreateLogger<Aging>()),
            new Rebuild(projector, letters, ledger, views, time, loggers.CreateLogger<Rebuild>()),
            new ViewRepair(projector, ledger, views, damaged),
            damaged);
    }

    /// <summary>Has probes and alarms name what is wrong with the views, and the command that heals it.</summary>
    public void ReportTo(NodeHealth health)
    {
        health.Register("documents of the views", FaultScope.Detail, Damaged.Sentence);
        health.Register("states of the views", FaultScope.Detail, () => Projector.StateFault ?? Letters.Fault);
        health.Register("dead letters of the views", FaultScope.Detail, WhoIsBlocked);
    }

    private string? WhoIsBlocked() => Letters.List() is [var first, ..] and var blocked
        ? $"The documents of {blocked.Count} customers are behind, of {first.Key} the longest: {first.Reason} See " +
            $"./tideline dlq list; {ViewRepair.Command} builds one anew."
        : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Rebuild.DisposeAsync();
        await Aging.DisposeAsync();
        await Projector.DisposeAsync();
    }
}
