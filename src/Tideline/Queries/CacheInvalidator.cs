using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Queries;

/// <summary>
/// Follows the change log of the view tier and announces every change to the cache. Where it may have missed one
/// (before its start, when its place has left the change log or following failed otherwise, when the cache did not take
/// an announcement) nothing is believed any more that was filled before. Each process that reads through the cache
/// follows for itself.
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

    /// <summary>What keeps changes from being announced; null while nothing does.</summary>
    public string? Fault => _loop.Fault;

    public void Start() => _loop.Start();

    /// <summary>Takes a place at the end of the change log; what is filled from then on is believed.</summary>
    internal async Task<string> BeginAsync(CancellationToken cancel)
    {
        var token = (await _views.ReadChangedIdsAsync(null, 1, cancel)).ResumeToken;
        _cache.BelieveAfter(_time.NowUs());
        return token;
    }

    /// <summary>Announces the newest revision of each document of a batch.</summary>
    internal async Task HandleAsync(ChangeBatch batch, CancellationToken cancel)
    {
        var newest = new Dictionary<string, long>();
        foreach (var change in batch.Changes)
        {
            var key = ViewCache.Key(change.Collection, change.Id);
            // A document that comes back counts from 1 again: nothing may be filled until the key is forgotten.
            newest[key] = change.Operation == "delete"
                ? long.MaxValue
                : Math.Max(newest.GetValueOrDefault(key), change.Revision);
        }

        foreach (var some in newest.Chunk(Limits.CacheInvalidationsInFlight))
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
