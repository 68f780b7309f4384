using Tideline.Kernel;

namespace Tideline.Engines.Cache.Redis;

/// <summary>
/// Keeps calls away from a server that failed <see cref="Limits.CacheFailures"/> times in a row. Then one call in
/// <see cref="Limits.CacheAwayMs"/> is let through; when it succeeds, all are.
/// </summary>
internal sealed class CircuitBreaker(TimeProvider time)
{
    private readonly long _away = Limits.CacheAwayMs * time.TimestampFrequency / 1_000;
    private int _failures;

    // 0: closed. Else open, and the first call after this timestamp is the one that tries; it moves the timestamp on,
    // so there is no second.
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

    /// <summary>A call succeeded.</summary>
    /// <returns>Whether calls were kept away until now.</returns>
    public bool Succeeded()
    {
        if (Volatile.Read(ref _failures) == 0 && !IsOpen) return false;
        Volatile.Write(ref _failures, 0);
        return Interlocked.Exchange(ref _triesAt, 0) != 0;
    }

    /// <summary>A call failed.</summary>
    /// <returns>Whether calls are kept away from now on.</returns>
    public bool Failed()
    {
        if (Interlocked.Increment(ref _failures) < Limits.CacheFailures) return false;
        return Interlocked.Exchange(ref _triesAt, time.GetTimestamp() + _away) == 0;
    }
}
