namespace Tideline.Engines.Cache.Redis;

/// <summary>
/// Stops calls to a server that failed <see cref="RedisLimits.Failures"/> times in a row. Then one call every
/// <see cref="RedisLimits.AwayMs"/> is let through; when one succeeds, all are.
/// </summary>
internal sealed class CircuitBreaker(TimeProvider time)
{
    private readonly long _away = RedisLimits.AwayMs * time.TimestampFrequency / 1_000;
    private int _failures;

    // 0: closed. Otherwise open: the first call after this timestamp is the trial, and advances the timestamp so that
    // there is only one.
    private long _triesAt;

    public bool IsOpen => Volatile.Read(ref _triesAt) != 0;

    /// <summary>Whether a call may go to the server.</summary>
    public bool TryEnter()
    {
        var triesAt = Volatile.Read(ref _triesAt);
        if (triesAt == 0) return true;
        var now = time.GetTimestamp();
        return now >= triesAt && Interlocked.CompareExchange(ref _triesAt, now + _away, triesAt) == triesAt;
    }

    /// <summary>Records a successful call.</summary>
    /// <returns>Whether the breaker was open until now.</returns>
    public bool Succeeded()
    {
        if (Volatile.Read(ref _failures) == 0 && !IsOpen) return false;
        Volatile.Write(ref _failures, 0);
        return Interlocked.Exchange(ref _triesAt, 0) != 0;
    }

    /// <summary>Records a failed call.</summary>
    /// <returns>Whether the breaker is now open.</returns>
    public bool Failed()
    {
        if (Interlocked.Increment(ref _failures) < RedisLimits.Failures) return false;
        return Interlocked.Exchange(ref _triesAt, time.GetTimestamp() + _away) == 0;
    }
}
