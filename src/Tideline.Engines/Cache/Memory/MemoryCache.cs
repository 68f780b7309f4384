using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Engines.Cache.Memory;

/// <summary>
/// The in-memory cache of one process: segments with a lock each, so that reads of different keys rarely contend.
/// </summary>
public sealed class MemoryCache : ICache
{
    // A power of two.
    private const int Segments = 16;
    private readonly MemorySegment[] _segments = new MemorySegment[Segments];

    /// <summary>An empty cache.</summary>
    public MemoryCache(TimeProvider time)
        : this(time, MemoryCacheLimits.Entries, MemoryCacheLimits.Bytes)
    {
    }

    internal MemoryCache(TimeProvider time, int entries, long bytes)
    {
        var ids = new IdGenerator(time);
        for (var at = 0; at < Segments; at++)
            _segments[at] = new MemorySegment(time, ids, entries / Segments, bytes / Segments);
    }

    /// <summary>The number of cached keys.</summary>
    internal int Count => _segments.Sum(segment => segment.Count);

    /// <inheritdoc/>
    public ValueTask<CacheAnswer> GetAsync(string key, CancellationToken cancel) =>
        ValueTask.FromResult(Segment(key).Get(key));

    /// <inheritdoc/>
    public ValueTask<CacheFill> FillAsync(
        string key, Guid lease, long version, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        var filled = value.Length is > 0 and <= QueryLimits.CacheValueBytes
            && Segment(key).Fill(key, lease, version, value);
        return ValueTask.FromResult(filled ? CacheFill.Filled : CacheFill.Refused);
    }

    /// <inheritdoc/>
    public ValueTask<bool> InvalidateAsync(string key, long version, CancellationToken cancel)
    {
        Segment(key).Invalidate(key, version);
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private MemorySegment Segment(string key) => _segments[key.GetHashCode(StringComparison.Ordinal) & (Segments - 1)];
}
