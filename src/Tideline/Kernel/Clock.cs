namespace Tideline.Kernel;

/// <summary>Time as the program stores it: microseconds since 1970-01-01 UTC.</summary>
public static class Clock
{
    /// <summary>Now, in microseconds.</summary>
    public static long NowUs(this TimeProvider time) => ToUs(time.GetUtcNow());

    /// <summary>A time in microseconds.</summary>
    public static long ToUs(this DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Microseconds as a time.</summary>
    public static DateTimeOffset FromUs(long us) =>
        DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);
}
