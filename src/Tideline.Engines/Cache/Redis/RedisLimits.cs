namespace Tideline.Engines.Cache.Redis;

/// <summary>Limits of the cache in Redis. A name ends with its unit.</summary>
internal static class RedisLimits
{
    /// <summary>
    /// How long a read or a fill waits for the cache, milliseconds. The views answer faster than a cache that needs
    /// longer.
    /// </summary>
    internal const int ReadMs = 5;

    /// <summary>How long an invalidation waits for the cache, milliseconds.</summary>
    internal const int InvalidationMs = 1_000;

    /// <summary>Consecutive failures of the cache after which reads bypass it.</summary>
    internal const int Failures = 10;

    /// <summary>How long reads bypass a failing cache before one of them tries it again, milliseconds.</summary>
    internal const int AwayMs = 1_000;

    /// <summary>
    /// How long a start waits for a connection to the cache, milliseconds; then it continues and connects later.
    /// </summary>
    internal const int ConnectMs = 1_000;
}
