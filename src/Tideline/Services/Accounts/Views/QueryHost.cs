#pragma warning disable CA2000 // The host owns its parts; DisposeAsync ends them.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// The read side of one process: queries of views and ledger, the cache in front of them, and the aging of customers
/// when a day ends.
/// </summary>
public sealed class QueryHost : IAsyncDisposable
{
    private QueryHost(CustomerQueries customers, Aging aging, ViewCache? cache, CacheInvalidator? invalidator) =>
        (Customers, Aging, CacheCounts, Invalidator) = (customers, aging, cache?.Counts, invalidator);

    /// <summary>Customers and their movements at the requested freshness.</summary>
    public CustomerQueries Customers { get; }

    /// <summary>Ages documents when days leave the window.</summary>
    public Aging Aging { get; }

    /// <summary>Hits and misses of the cache; null without one.</summary>
    public CacheCounts? CacheCounts { get; }

    /// <summary>Invalidates the cache from changes of the views; null without a cache.</summary>
    internal CacheInvalidator? Invalidator { get; }

    /// <summary>
    /// Starts serving reads. They go through <paramref name="cache"/> if there is one; the host does not dispose it.
    /// </summary>
    public static QueryHost Start(
        GeneralLedger ledger, ProjectionHost projections, IViewStore views, ICache? cache, TimeProvider time,
        ILoggerFactory loggers)
    {
        var host = Create(ledger, projections, views, cache, time, loggers);
        host.Invalidator?.Start();
        host.Aging.Start();
        return host;
    }

    /// <summary>Creates the parts without their loops: for tests that step them.</summary>
    internal static QueryHost Create(
        GeneralLedger ledger, ProjectionHost projections, IViewStore views, ICache? cache, TimeProvider time,
        ILoggerFactory loggers)
    {
        var (cached, customers) =
            (cache is null ? null : new ViewCache(cache, time), projections[CustomersProjection.Name]);
        return new QueryHost(
            new CustomerQueries(customers, ledger, views, cached, projections.Damaged, time),
            new Aging(customers.Projector, views, projections.Damaged, time, loggers.CreateLogger<Aging>()),
            cached,
            cached is null
                ? null
                : new CacheInvalidator(cached, views, time, loggers.CreateLogger<CacheInvalidator>()));
    }

    /// <summary>Registers the faults of cache invalidation and aging.</summary>
    public void ReportTo(NodeHealth health)
    {
        health.Register("invalidation of the cache", FaultScope.Detail, () => Invalidator?.Fault);
        health.Register("aging of customers", FaultScope.Detail, () => Aging.Fault);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Aging.DisposeAsync();
        if (Invalidator is not null) await Invalidator.DisposeAsync();
    }
}
