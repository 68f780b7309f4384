using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Queries;

/// <summary>
/// The result of a cache lookup. <paramref name="Json"/> is null if the cache had no provably fresh document.
/// <paramref name="Lease"/> is for the fill with the document that is read instead.
/// </summary>
internal readonly record struct CacheFind(ReadOnlyMemory<byte>? Json, double StalenessMs, Guid Lease);

/// <summary>
/// Documents of the views in the cache. A document is trusted as far as its horizon proves, and only if it was filled
/// while this process followed the changes. Whatever is lost (a flush, an invalidation, the place in the change log)
/// thus makes reads slower, but never wrong. See docs/decisions/0015.
/// </summary>
internal sealed class ViewCache(ICache cache, TimeProvider time)
{
    private long _believedAfterUs = long.MaxValue;

    public CacheCounts Counts { get; } = new();

    /// <summary>The key of a document; each version of the views has its own keys.</summary>
    public static string Key(string collection, string id) => $"{collection}/{id}";

    /// <summary>Looks up a document that is as fresh as requested.</summary>
    public async ValueTask<CacheFind> FindAsync(string key, ReadConsistency consistency, CancellationToken cancel)
    {
        var answer = await cache.GetAsync(key, cancel);
        if (!answer.IsAnswered) return Nothing(CacheOutcome.ReadFault, default);
        if (answer.Value is not { } value || CachedRead.Parse(key, value) is not { } entry)
            return Nothing(CacheOutcome.Miss, answer.Lease);
        var nowUs = time.NowUs();
        if (entry.Horizon.AsOfUs <= Volatile.Read(ref _believedAfterUs) || !entry.Horizon.Proves(consistency, nowUs))
            return Nothing(CacheOutcome.Stale, answer.Lease);
        Counts.Record(CacheOutcome.Hit);
        return new CacheFind(entry.Json, entry.Horizon.StalenessMs(nowUs), answer.Lease);
    }

    /// <summary>Offers a document that was read after taking the lease and the horizon.</summary>
    public async ValueTask FillAsync(
        string key, Guid lease, FreshnessProof horizon, Document document, CancellationToken cancel)
    {
        if (lease == Guid.Empty) return;
        var fill = await cache.FillAsync(
            key, lease, document.Revision, new CachedRead(horizon, document.Json).ToBytes(key), cancel);
        Counts.Record(fill switch
        {
            CacheFill.Filled => CacheOutcome.Filled,
            CacheFill.Refused => CacheOutcome.FillRefused,
            _ => CacheOutcome.FillFault
        });
    }

    /// <summary>Invalidates a document after a change.</summary>
    /// <returns>Whether the cache accepted it.</returns>
    public async Task<bool> InvalidateAsync(string key, long revision, CancellationToken cancel)
    {
        var done = await cache.InvalidateAsync(key, revision, cancel);
        Counts.Record(done ? CacheOutcome.Invalidated : CacheOutcome.InvalidationFault);
        return done;
    }

    /// <summary>Trusts only documents as of a later time.</summary>
    public void BelieveAfter(long timeUs) => Volatile.Write(ref _believedAfterUs, timeUs);

    /// <summary>Trusts nothing until changes are followed again.</summary>
    public void BelieveNothing() => BelieveAfter(long.MaxValue);

    private CacheFind Nothing(CacheOutcome why, Guid lease)
    {
        Counts.Record(why);
        return new CacheFind(null, 0, lease);
    }
}
