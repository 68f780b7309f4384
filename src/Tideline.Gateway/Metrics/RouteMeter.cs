namespace Tideline.Gateway.Metrics;

/// <summary>
/// Counts the requests of one route by status class, and their durations. Lock-free, since it is on the hot path.
/// </summary>
internal sealed class RouteMeter(string method, string route)
{
    /// <summary>Upper bounds of the buckets, microseconds; the last bucket has none.</summary>
    public static readonly long[] BoundsUs =
        [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];

    private readonly long[] _classes = new long[6];
    private readonly long[] _buckets = new long[BoundsUs.Length + 1];
    private long _sumUs;

    /// <summary>The method, as in <c>POST</c>.</summary>
    public string Method => method;

    /// <summary>The route's pattern.</summary>
    public string Route => route;

    /// <summary>The total duration of all requests, microseconds.</summary>
    public long SumUs => Volatile.Read(ref _sumUs);

    /// <summary>Counts one request.</summary>
    public void Record(int status, long elapsedUs)
    {
        Interlocked.Increment(ref _classes[Math.Clamp(status / 100, 1, 5)]);
        Interlocked.Add(ref _sumUs, elapsedUs);
        var bucket = 0;
        while (bucket < BoundsUs.Length && elapsedUs > BoundsUs[bucket]) bucket++;
        Interlocked.Increment(ref _buckets[bucket]);
    }

    /// <summary>Requests answered with a status of this class (2 for 2xx).</summary>
    public long Count(int statusClass) => Volatile.Read(ref _classes[statusClass]);

    /// <summary>Requests in a bucket.</summary>
    public long Bucket(int index) => Volatile.Read(ref _buckets[index]);
}
