namespace Tideline.Engines.Cache;

/// <summary>Limits of the caches. A name ends with its unit.</summary>
internal static class CacheLimits
{
    /// <summary>
    /// The lifetime of a cached document, milliseconds: the most by which a lost invalidation can age an eventual read.
    /// </summary>
    internal const int EntryMs = 10_000;

    /// <summary>How long a reader that misses the cache may take to fill it, milliseconds.</summary>
    internal const int LeaseMs = 1_000;
}
