using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>A process's handle on a <see cref="CacheDisk"/>; entries live by the clock that it is given.</summary>
internal sealed class SimulatedCache(CacheDisk disk, TimeProvider time) : ICache
{
    /// <inheritdoc/>
    public ValueTask<CacheAnswer> GetAsync(string key, CancellationToken cancel)
    {
        lock (disk.Gate) return ValueTask.FromResult(disk.Get(key, time.NowUs()));
    }

    /// <inheritdoc/>
    public ValueTask<CacheFill> FillAsync(
        string key, Guid lease, long version, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        lock (disk.Gate)
        {
            return ValueTask.FromResult(
                disk.Fill(key, lease, version, value, time.NowUs()) ? CacheFill.Filled : CacheFill.Refused);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> InvalidateAsync(string key, long version, CancellationToken cancel)
    {
        lock (disk.Gate) disk.Invalidate(key, version, time.NowUs());
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
