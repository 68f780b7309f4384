using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Cache;

/// <summary>
/// Follows the change log of the view tier and announces every change to the cache. Where it may have missed one (before its start, when its place has left the change log or
/// following failed otherwise, when the cache did not take an announcement) nothing is believed any more that was filled before. Each process that reads through the cache follows
/// for itself.
/// </summary>
internal sealed partial class CacheInvalidator(CustomerCache cache, IViewStore views, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = Task.Run(LoopAsync);

    /// <summary>Takes a place at the end of the change log; what is filled from then on is believed.</summary>
    internal async Task<string> BeginAsync(CancellationToken cancel)
    {
        var token = (await views.ReadChangedIdsAsync(null, 1, cancel)).ResumeToken;
        cache.BelieveAfter(time.NowUs());
        return token;
    }

    /// <summary>Announces the newest revision of each document of a batch.</summary>
    internal async Task HandleAsync(ChangeBatch batch, CancellationToken cancel)
    {
        var newest = new Dictionary<string, long>();
        foreach (var change in batch.Changes)
        {
            var key = CustomerCache.Key(change.Collection, change.Id);
            // A document that comes back counts from 1 again: nothing may be filled until the key is forgotten.
            newest[key] = change.Operation == "delete" ? long.MaxValue : Math.Max(newest.GetValueOrDefault(key), change.Revision);
        }

        foreach (var some in newest.Chunk(Limits.CacheInvalidationsInFlight))
        {
            var done = await Task.WhenAll(some.Select(each => cache.InvalidateAsync(each.Key, each.Value, cancel)));
            if (done.Contains(false)) cache.BelieveAfter(time.NowUs());
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        var (cancel, changes) = (_stop.Token, new ChangeStream(views, time, logger, withDocuments: false));
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await changes.RunAsync(await BeginAsync(cancel), HandleAsync, resync: null, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                cache.BelieveNothing();
                FollowingFailed(logger, fault);
                await RestAsync(cancel);
            }
        }
    }

    private async Task RestAsync(CancellationToken cancel)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Limits.ProjectionFaultRestMs), time, cancel);
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The changes of the views could not be followed; what was cached is passed over, and it is tried again.")]
    private static partial void FollowingFailed(ILogger logger, Exception fault);
}
