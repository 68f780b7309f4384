#pragma warning disable CA2000 // The tier keeps opened parts on a stack and disposes them, newest first.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services;
using Tideline.Views;

namespace Tideline.Node;

/// <summary>The views, their cache, the parts that keep both up to date, and what services have on them.</summary>
internal sealed class ViewTier : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _running = new();

    private ViewTier()
    {
    }

    public IViewStore Views { get; private set; } = null!;

    public ProjectionHost Projections { get; private set; } = null!;

    /// <summary>Hits and misses of the cache.</summary>
    public CacheCounts Cached { get; private set; } = null!;

    /// <summary>
    /// Opens everything, then starts the projections and what services have on them; on failure, nothing is left
    /// running.
    /// </summary>
    public static async Task<ViewTier> StartAsync(
        IEngineSet engines, ServiceCatalog services, GeneralLedger ledger, ILog log, NodeHealth health,
        TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        var tier = new ViewTier();
        try
        {
            tier._running.Push(tier.Views = await engines.OpenViewsAsync(cancel));
            await ActiveViews.RequireOwnAsync(tier.Views, services.Projections, ledger.Installation, cancel);
            var cache = await engines.OpenCacheAsync(cancel);
            tier._running.Push(cache);
            tier._running.Push(tier.Projections = await ProjectionHost.StartAsync(
                services.Projections, ledger, log, tier.Views, time, loggers, cancel));
            var cached = new ViewCache(cache, time);
            tier.Cached = cached.Counts;
            var invalidator = new CacheInvalidator(
                cached, tier.Views, time, loggers.CreateLogger<CacheInvalidator>());
            tier._running.Push(invalidator);
            invalidator.Start();
            health.Register("invalidation of the cache", FaultScope.Detail, () => invalidator.Fault);
            ViewHealth.Register(health, tier.Projections);
            tier.Projections.ReportTo(health);
            var context = new ViewContext(
                ledger, tier.Views, tier.Projections, health, time, loggers, tier._running.Push)
            { Cache = cached };
            foreach (var service in services.Services) service.StartViews(context);
            return tier;
        }
        catch
        {
            await tier.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out var part)) await part.DisposeAsync();
    }
}
