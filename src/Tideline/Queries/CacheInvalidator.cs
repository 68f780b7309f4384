using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Queries;

/// <summary>
/// Follows the change log of the view tier and invalidates the cache for every change. Whenever it may have missed a
/// change, no entry filled earlier is trusted: before its start, when its place is no longer in the change log or
/// following fails otherwise, and when the cache does not accept an invalidation. Each process that reads through the
/// cache follows the changes itself.
/// </summary>
internal sealed class CacheInvalidator : IAsyncDisposable
{
    private readonly ViewCache _cache;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ChangeStream _changes;
    private readonly BackgroundLoop _loop;
    private string? _place;

    public CacheInvalidator(ViewCache cache, IViewStore views, TimeProvider time, ILogger logger)
    {
        (_cache, _views, _time) = (cache, views, time);
        _changes = new ChangeStream(views, time, logger, withDocuments: false);
        _loop = new BackgroundLoop("invalidation of the cache", PassAsync, TimeSpan.Zero, time, logger);
    }

    /// <summary>Why changes are not sent to the cache; null while they are.</summary>
    public string? Fault => _loop.Fault;

    public void Start() => _loop.Start();

    /// <summary>Starts at the end of the change log; entries filled from then on are trusted.</summary>
    internal async Task<string> BeginAsync(CancellationToken cancel)
    {
        var token = (await _views.ReadChangedIdsAsync(null, 1, cancel)).ResumeToken;
        _cache.BelieveAfter(_time.NowUs());
        return token;
    }

    /// <summary>Invalidates each document of a batch up to its newest revision.</summary>
    internal async Task HandleAsync(ChangeBatch batch, CancellationToken cancel)
    {
        var newest = new Dictionary<string, long>();
        foreach (var change in batch.Changes)
        {
            var key = ViewCache.Key(change.Collection, change.Id);
            // The revisions of a recreated document start at 1 again, so no fill is allowed until the cache forgets the
            // key.
            newest[key] = change.Operation == "delete"
                ? long.MaxValue
                : Math.Max(newest.GetValueOrDefault(key), change.Revision);
        }

        foreach (var some in newest.Chunk(QueryLimits.CacheInvalidationsInFlight))
        {
            var done = await Task.WhenAll(some.Select(each => _cache.InvalidateAsync(each.Key, each.Value, cancel)));
            if (done.Contains(false)) _cache.BelieveAfter(_time.NowUs());
            _loop.Beat();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task PassAsync(CancellationToken cancel)
    {
        try
        {
            _place ??= await BeginAsync(cancel);
            _place = await _changes.PassAsync(_place, HandleAsync, resync: null, cancel);
        }
        catch
        {
            _place = null;
            _cache.BelieveNothing();
            throw;
        }
    }
}
