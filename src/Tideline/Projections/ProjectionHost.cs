#pragma warning disable CA2000 // The parts live as long as the host; DisposeAsync ends them.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// The projections of one process: everything between the log and the views. They run side by side on one read of the
/// log; each has its own watermarks, dead letters, versions and lag, and a fault in one holds up no other.
/// </summary>
public sealed class ProjectionHost : IAsyncDisposable
{
    private readonly ProjectionFeed _feed;
    private readonly SemaphoreSlim _rebuilds = new(1, 1);
    private readonly List<Projection> _all = [];
    private readonly BackgroundLoop _lookingAgain;

    private ProjectionHost(ProjectionPlace place, ILogger logger)
    {
        (_feed, Views) = (new ProjectionFeed(place.Ledger, place.Log, place.Time), place.Views);
        _lookingAgain = new BackgroundLoop(
            "look at damaged documents", cancel => Damaged.LookAgainAsync(
                Views, [.. _all.Select(projection => projection.Projector.Names)], cancel),
            TimeSpan.FromMilliseconds(ProjectionLimits.DamageLookIntervalMs), place.Time, logger, Limits.LongPassMs);
    }

    /// <summary>Every projection, in the order of registration.</summary>
    public IReadOnlyList<Projection> All => _all;

    /// <summary>Where the documents are.</summary>
    public IViewStore Views { get; }

    /// <summary>Documents that somebody broke, as far as this process met them.</summary>
    public DamagedDocuments Damaged { get; } = new();

    /// <summary>The projection of that name.</summary>
    /// <exception cref="TidelineException">NotFound: there is none.</exception>
    public Projection this[string name] => _all.Find(projection => projection.Name == name)
        ?? throw new TidelineException(
            ErrorCode.NotFound, $"There is no projection '{name}'; there are "
                + $"{string.Join(", ", _all.Select(projection => projection.Name))}.");

    /// <summary>Opens the active version of each projection and begins to follow the log.</summary>
    public static async Task<ProjectionHost> StartAsync(
        IReadOnlyList<ProjectionDefinition> definitions, GeneralLedger ledger, ILog log, IViewStore views,
        TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        var host = await CreateAsync(definitions, ledger, log, views, time, loggers, cancel);
        foreach (var projection in host.All) projection.Projector.Start();
        host._lookingAgain.Start();
        return host;
    }

    /// <summary>The parts without their loops: for tests that step them.</summary>
    internal static async Task<ProjectionHost> CreateAsync(
        IReadOnlyList<ProjectionDefinition> definitions, GeneralLedger ledger, ILog log, IViewStore views,
        TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        RequireDistinct(definitions);
        var place = new ProjectionPlace(ledger, log, views, time);
        var host = new ProjectionHost(place, loggers.CreateLogger<ProjectionHost>());
        try
        {
            foreach (var definition in definitions)
                host._all.Add(await Projection.CreateAsync(
                    definition, host._feed, place, host.Damaged, host._rebuilds, loggers, cancel));
            // One that cannot be opened is tried again beside the others; none, and the view tier is away.
            if (host._all.TrueForAll(projection => projection.Projector.OpenFault is not null))
                host._all.FirstOrDefault()?.Projector.OpenFault!.Throw();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has probes and alarms name what is wrong with the views, and the command that heals it.</summary>
    public void ReportTo(NodeHealth health)
    {
        health.Register("documents of the views", FaultScope.Detail, () => Damaged.Sentence() ?? _lookingAgain.Fault);
        foreach (var projection in _all)
        {
            health.Register(
                $"states of {projection.Name}", FaultScope.Detail,
                () => projection.Projector.StateFault ?? projection.Letters.Fault);
            health.Register($"dead letters of {projection.Name}", FaultScope.Detail, () => WhoIsBlocked(projection));
        }
    }

    private static string? WhoIsBlocked(Projection projection) =>
        projection.Letters.List() is [var first, ..] and var blocked
            ? $"{blocked.Count} documents of {projection.Name} are behind, {first.Key} longest: {first.Reason} "
                + $"See ./tideline dlq list; {ViewRepair.Command} rebuilds one."
            : null;

    private static void RequireDistinct(IReadOnlyList<ProjectionDefinition> definitions)
    {
        var names = definitions.Select(definition => definition.Name).ToArray();
        var collections = definitions.SelectMany(definition => definition.Collections)
            .Select(collection => collection.Name).ToArray();
        foreach (var group in new[] { names, collections })
        {
            if (group.GroupBy(name => name).FirstOrDefault(same => same.Skip(1).Any()) is { } twice)
                throw new TidelineException(
                    ErrorCode.InvalidInput, $"Two registered projections have the name or the collection {twice.Key}.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lookingAgain.DisposeAsync();
        foreach (var projection in _all) await projection.DisposeAsync();
        _feed.Dispose();
        _rebuilds.Dispose();
    }
}
