namespace Tideline.Engines.Cache.Redis;

/// <summary>The address of the Redis cache, and this installation's key prefix.</summary>
public sealed record RedisCacheOptions
{
    /// <summary>
    /// A StackExchange.Redis connection string, such as <c>redis-1:6379,redis-2:6379,ssl=true,password=…</c>. Redis 7
    /// or later, standalone, as a cluster or behind Sentinel.
    /// </summary>
    public required string Configuration { get; init; }

    /// <summary>
    /// The prefix of every key. Installations that share a server, including copies of an installation, each need their
    /// own.
    /// </summary>
    public string Prefix { get; init; } = "tideline:";
}
