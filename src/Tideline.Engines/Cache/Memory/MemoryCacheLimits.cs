namespace Tideline.Engines.Cache.Memory;

/// <summary>Limits of the cache in memory. A name ends with its unit.</summary>
internal static class MemoryCacheLimits
{
    /// <summary>Entries of the in-memory cache.</summary>
    internal const int Entries = 65_536;

    /// <summary>Size of the in-memory cache, bytes.</summary>
    internal const int Bytes = 64 * 1024 * 1024;
}
