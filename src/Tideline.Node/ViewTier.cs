using Microsoft.Extensions.Logging;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Views;

namespace Tideline.Node;

/// <summary>The views, their cache, the parts that keep both up to date, and their queries.</summary>
internal sealed class ViewTier : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _running = new();

    private ViewTier()
    {
    }

    public IViewStore Views { get; private set; } = null!;

    public ProjectionHost Projections { get; private set; } = null!;

    public QueryHost Queries { get; private set; } = null!;

    /// <summary>Opens everything and starts the projections; on failure, nothing is left running.</summary>
    public static async Task<ViewTier> StartAsync(
        IEngineSet engines, IReadOnlyList<ProjectionDefinition> definitions, GeneralLedger ledger, ILog log,
        TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        var tier = new ViewTier();
        try
        {
            tier._running.Push(tier.Views = await engines.OpenViewsAsync(cancel));
            await ActiveViews.RequireOwnAsync(tier.Views, definitions, ledger.Installation, cancel);
            var cache = await engines.OpenCacheAsync(cancel);
            tier._running.Push(cache);
            tier._running.Push(tier.Projections = await ProjectionHost.StartAsync(
                definitions, ledger, log, tier.Views, time, loggers, cancel));
            tier._running.Push(tier.Queries = QueryHost.Start(
                ledger, tier.Projections, tier.Views, cache, time, loggers));
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
