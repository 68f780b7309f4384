namespace Tideline.Engines.Cache.Redis;

/// <summary>Where the Redis cache is and what is its own there.</summary>
public sealed record RedisCacheOptions
{
    /// <summary>
    /// Addresses and settings as StackExchange.Redis reads them, such as
    /// <c>redis-1:6379,redis-2:6379,ssl=true,password=…</c>. Redis 7 or later, alone, as a cluster or behind Sentinel.
    /// </summary>
    public required string Configuration { get; init; }

    /// <summary>
    /// Stands before every key. Installations that share a server need one each, a copy of an installation included.
    /// </summary>
    public string Prefix { get; init; } = "tideline:";
}
