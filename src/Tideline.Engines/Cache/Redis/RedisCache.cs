using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Engines.Cache.Redis;

/// <summary>
/// The shared cache of several processes, in Redis. Finding a value or taking a lease is one command; filling and
/// invalidating are scripts on one key, so they also run on a cluster. A slow or unreachable server costs a read at
/// most <see cref="RedisLimits.ReadMs"/>, and soon nothing.
/// </summary>
public sealed partial class RedisCache : ICache
{
    // Defaults that the configuration may override. The last one limits how long the driver keeps a call that no caller
    // awaits any more.
    private static readonly string Defaults = string.Create(
        CultureInfo.InvariantCulture,
        $"connectRetry=1,connectTimeout={RedisLimits.ConnectMs},asyncTimeout={RedisLimits.InvalidationMs}");

    private static readonly TimeSpan LeaseLife = TimeSpan.FromMilliseconds(CacheLimits.LeaseMs);
    private static readonly TimeSpan ReadPatience = TimeSpan.FromMilliseconds(RedisLimits.ReadMs);
    private static readonly TimeSpan InvalidationPatience = TimeSpan.FromMilliseconds(RedisLimits.InvalidationMs);

    private readonly ConnectionMultiplexer _connection;
    private readonly IDatabase _database;
    private readonly string _prefix;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IdGenerator _leases;

    private RedisCache(ConnectionMultiplexer connection, string prefix, TimeProvider time, ILogger logger)
    {
        (_connection, _database, _prefix, _time, _logger) =
            (connection, connection.GetDatabase(), prefix, time, logger);
        (_leases, Breaker) = (new IdGenerator(time), new CircuitBreaker(time));
    }

    /// <summary>Decides whether reads use the server.</summary>
    internal CircuitBreaker Breaker { get; }

    /// <summary>
    /// Connects. A server that does not answer is not a fault: the cache connects when it becomes reachable.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: the configuration cannot be parsed.</exception>
    public static async Task<RedisCache> ConnectAsync(
        RedisCacheOptions options, TimeProvider time, ILogger logger, CancellationToken cancel)
    {
        ConfigurationOptions configuration;
        try
        {
            configuration = ConfigurationOptions.Parse($"{Defaults},{options.Configuration}");
        }
        catch (ArgumentException fault)
        {
            throw new TidelineException(
                ErrorCode.InvalidInput, $"The address of the Redis cache cannot be read: {fault.Message}", fault);
        }

        cancel.ThrowIfCancellationRequested();
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new LinearRetry(RedisLimits.AwayMs);
        return new RedisCache(await ConnectionMultiplexer.ConnectAsync(configuration), options.Prefix, time, logger);
    }

    /// <inheritdoc/>
    public async ValueTask<CacheAnswer> GetAsync(string key, CancellationToken cancel)
    {
        var lease = _leases.Next();
        var (isAnswered, found) = await AskAsync(() =>
            _database.StringSetAndGetAsync(Key(key), RedisSlot.Empty(lease), LeaseLife, when: When.NotExists), cancel);
        return !isAnswered ? default : found.IsNull ? new CacheAnswer(null, lease) : RedisSlot.Read(found);
    }

    /// <inheritdoc/>
    public async ValueTask<CacheFill> FillAsync(
        string key, Guid lease, long version, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        if (value.Length is 0 or > QueryLimits.CacheValueBytes) return CacheFill.Refused;
        RedisValue[] arguments = [RedisSlot.Lease(lease), RedisSlot.Version(version), value, CacheLimits.EntryMs];
        var (isAnswered, filled) = await AskAsync(
            () => _database.ScriptEvaluateAsync(RedisSlot.Fill, [Key(key)], arguments), cancel);
        return !isAnswered ? CacheFill.Unavailable : (bool)filled ? CacheFill.Filled : CacheFill.Refused;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> InvalidateAsync(string key, long version, CancellationToken cancel)
    {
        try
        {
            // No reader waits for it, so it may take longer than a read and says nothing about the latency of reads.
            await _database.ScriptEvaluateAsync(RedisSlot.Invalidate, [Key(key)], [RedisSlot.Version(version)])
                .WaitAsync(InvalidationPatience, _time, cancel);
            return true;
        }
        catch (Exception fault) when (IsOfTheServer(fault))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private RedisKey Key(string key) => _prefix + key;

    private async ValueTask<(bool IsAnswered, T Value)> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancel)
    {
        if (!Breaker.TryEnter()) return default;
        try
        {
            var value = await ask().WaitAsync(ReadPatience, _time, cancel);
            if (Breaker.Succeeded()) Back(_logger);
            return (true, value);
        }
        catch (Exception fault) when (IsOfTheServer(fault))
        {
            if (Breaker.Failed()) Away(_logger, fault);
            return default;
        }
    }

    private static bool IsOfTheServer(Exception fault) =>
        fault is RedisException or RedisCommandException or TimeoutException;

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The Redis cache fails; reads bypass it until it answers again.")]
    private static partial void Away(ILogger logger, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "The Redis cache answers again.")]
    private static partial void Back(ILogger logger);
}
