using Tideline.Engines.Cache.Memory;
using Tideline.Queries;

namespace Tideline.Tests.Queries;

/// <summary>A cache that is flushed, gone or late when a test says so.</summary>
internal sealed class BreakableCache(TimeProvider time) : ICache
{
    private MemoryCache _inner = new(time);

    /// <summary>Answers nothing and takes nothing.</summary>
    public bool IsGone { get; set; }

    /// <summary>What happens once between a look into the cache and the read of the views.</summary>
    public Func<Task>? AfterGet { get; set; }

    /// <summary>What happens once between a read of the views and its fill.</summary>
    public Func<Task>? BeforeFill { get; set; }

    public void Flush() => _inner = new MemoryCache(time);

    public async ValueTask<CacheAnswer> GetAsync(string key, CancellationToken cancel)
    {
        var answer = IsGone ? default : await _inner.GetAsync(key, cancel);
        var after = AfterGet;
        AfterGet = null;
        if (after is not null) await after();
        return answer;
    }

    public async ValueTask<CacheFill> FillAsync(
        string key, Guid lease, long version, ReadOnlyMemory<byte> value, CancellationToken cancel)
    {
        var before = BeforeFill;
        BeforeFill = null;
        if (before is not null) await before();
        return IsGone ? CacheFill.Unavailable : await _inner.FillAsync(key, lease, version, value, cancel);
    }

    public ValueTask<bool> InvalidateAsync(string key, long version, CancellationToken cancel) => IsGone
        ? ValueTask.FromResult(false)
        : _inner.InvalidateAsync(key, version, cancel);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
