#pragma warning disable CA2000 // The host owns its parts; DisposeAsync ends them.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Queries;

/// <summary>The read side of one process: queries of views and ledger, and the cache in front of them.</summary>
public sealed class QueryHost : IAsyncDisposable
{
    private QueryHost(CustomerQueries customers, CustomerCache? cache, CacheInvalidator? invalidator) =>
        (Customers, CacheCounts, Invalidator) = (customers, cache?.Counts, invalidator);

    /// <summary>Customers and their movements, as fresh as asked.</summary>
    public CustomerQueries Customers { get; }

    /// <summary>Hits and misses of the cache; null without one.</summary>
    public CacheCounts? CacheCounts { get; }

    /// <summary>Changes of the views → cache; null without one.</summary>
    internal CacheInvalidator? Invalidator { get; }

    /// <summary>
    /// Begins to answer. Reads go through <paramref name="cache"/>, if there is one; it outlives the host.
    /// </summary>
    public static QueryHost Start(
        GeneralLedger ledger, ProjectionHost projections, IViewStore views, ICache? cache, TimeProvider time,
        ILoggerFactory loggers)
    {
        var host = Create(ledger, projections, views, cache, time, loggers);
        host.Invalidator?.Start();
        return host;
    }

    /// <summary>The parts without their loops: for tests that step them.</summary>
    internal static QueryHost Create(
        GeneralLedger ledger, ProjectionHost projections, IViewStore views, ICache? cache, TimeProvider time,
        ILoggerFactory loggers)
    {
        var customers = cache is null ? null : new CustomerCache(cache, time);
        return new QueryHost(
            new CustomerQueries(
                projections.Projector, projections.Letters, ledger, views, customers, projections.Damaged, time),
            customers,
            customers is null
                ? null
                : new CacheInvalidator(customers, views, time, loggers.CreateLogger<CacheInvalidator>()));
    }

    /// <summary>Reports a cache whose invalidation fails.</summary>
    public void ReportTo(NodeHealth health) =>
        health.Register("invalidation of the cache", FaultScope.Detail, () => Invalidator?.Fault);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Invalidator is not null) await Invalidator.DisposeAsync();
    }
}
