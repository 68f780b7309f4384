#pragma warning disable CA2000 // The parts live as long as the host; DisposeAsync ends them.
using Microsoft.Extensions.Logging;
using Tideline.Cache;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>The projections of one process: everything between the log and the views, started together.</summary>
public sealed class ProjectionHost : IAsyncDisposable
{
    private ProjectionHost(Projector projector, DeadLetters letters, Aging aging, Rebuild rebuild, CustomerViews customerViews, CustomerCache? cache, CacheInvalidator? invalidator)
    {
        (Projector, Letters, DeadLetters, Aging, Rebuild, CustomerViews) = (projector, letters, new DeadLetterDesk(projector, letters), aging, rebuild, customerViews);
        (CacheCounts, Invalidator) = (cache?.Counts, invalidator);
    }

    /// <summary>Log → views, and how far they are.</summary>
    public Projector Projector { get; }

    /// <summary>Events that could not be folded.</summary>
    public DeadLetterDesk DeadLetters { get; }

    /// <summary>Which customers are knowingly behind.</summary>
    internal DeadLetters Letters { get; }

    /// <summary>Days that leave the window.</summary>
    public Aging Aging { get; }

    /// <summary>The views built anew beside the live ones.</summary>
    public Rebuild Rebuild { get; }

    /// <summary>Reads that say how fresh they must be.</summary>
    public CustomerViews CustomerViews { get; }

    /// <summary>What came of asking the cache; null without one.</summary>
    public CacheCounts? CacheCounts { get; }

    /// <summary>Changes of the views → cache; null without one.</summary>
    internal CacheInvalidator? Invalidator { get; }

    /// <summary>Opens the active version of the views and begins to follow the log. Reads go through <paramref name="cache"/>, if there is one; it outlives the host.</summary>
    public static async Task<ProjectionHost> StartAsync(
        GeneralLedger ledger, ILog log, IViewStore views, ICache? cache, TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        var host = await CreateAsync(ledger, log, views, cache, time, loggers, cancel);
        host.Projector.Start();
        host.Aging.Start();
        host.Invalidator?.Start();
        return host;
    }

    /// <summary>The parts without their loops: for tests that step them.</summary>
    internal static async Task<ProjectionHost> CreateAsync(
        GeneralLedger ledger, ILog log, IViewStore views, ICache? cache, TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        var customers = cache is null ? null : new CustomerCache(cache, time);
        var letters = await Projections.DeadLetters.LoadAsync(log, views, ledger.Map.Shards, time, loggers.CreateLogger<DeadLetters>(), cancel);
        var projector = await Projector.CreateAsync(ledger, log, views, time, loggers.CreateLogger<Projector>(), letters, cancel);
        return new ProjectionHost(
            projector,
            letters,
            new Aging(projector, views, time, loggers.CreateLogger<Aging>()),
            new Rebuild(projector, letters, ledger, views, time, loggers.CreateLogger<Rebuild>()),
            new CustomerViews(projector, letters, ledger, views, customers, time),
            customers,
            customers is null ? null : new CacheInvalidator(customers, views, time, loggers.CreateLogger<CacheInvalidator>()));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Invalidator is not null) await Invalidator.DisposeAsync();
        await Rebuild.DisposeAsync();
        await Aging.DisposeAsync();
        await Projector.DisposeAsync();
    }
}
