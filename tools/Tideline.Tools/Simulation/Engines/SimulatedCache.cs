using Tideline.Kernel;
using Tideline.Queries;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// A process's handle on a <see cref="CacheDisk"/>; entries live by the clock that it is given. A cache fails no call:
/// where a fault strikes, it has no answer, or does what was asked and says that it did not.
/// </summary>
/// <param name="disk">The entries.</param>
/// <param name="time">The clock.</param>
/// <param name="faults">What goes wrong; null: nothing.</param>
internal sealed class SimulatedCache(CacheDisk disk, TimeProvider time, EngineFaults? faults = null) : ICache
{
    /// <inheritdoc/>
    public async ValueTask<CacheAnswer> GetAsync(string key, CancellationToken cancel)
    {
        if (!await IsReachedAsync("get")) return default;
        lock (disk.Gate) return disk.Get(key, time.NowUs());
    }

    /// <inheritdoc/>
    public async ValueTask<CacheFill> FillAsync(
        string key, Guid lease, long version, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        if (!await IsReachedAsync("fill")) return CacheFill.Unavailable;
        lock (disk.Gate)
        {
            var isFilled = disk.Fill(key, lease, version, value, time.NowUs());
            return faults?.IsAnswerLost() == true ? CacheFill.Unavailable
                : isFilled ? CacheFill.Filled : CacheFill.Refused;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> InvalidateAsync(string key, long version, CancellationToken cancel)
    {
        if (!await IsReachedAsync("invalidate")) return false;
        lock (disk.Gate) disk.Invalidate(key, version, time.NowUs());
        return faults?.IsAnswerLost() != true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<bool> IsReachedAsync(string call)
    {
        if (faults is null) return true;
        try
        {
            await faults.BeforeAsync(call);
            return true;
        }
        catch (TidelineException)
        {
            return false;
        }
    }
}
