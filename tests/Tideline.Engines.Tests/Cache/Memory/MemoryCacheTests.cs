using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Cache;
using Tideline.Engines.Cache.Memory;
using Tideline.Queries;

namespace Tideline.Engines.Tests.Cache.Memory;

public sealed class MemoryCacheTests : CacheContract
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_value_lives_as_long_as_it_may_and_no_longer()
    {
        var key = NewKey();
        await FillAsync(key, (await GetAsync(key)).Lease, 1);
        _time.Advance(TimeSpan.FromMilliseconds(CacheLimits.EntryMs - 1));
        (await VersionAsync(key)).ShouldBe(1);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await VersionAsync(key)).ShouldBeNull();
    }

    [Fact]
    public async Task A_lease_ends_soon()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        _time.Advance(TimeSpan.FromMilliseconds(CacheLimits.LeaseMs));
        (await FillAsync(key, lease, 1)).ShouldBe(CacheFill.Refused);
    }

    [Fact]
    public async Task An_invalidation_does_not_make_a_key_live_longer()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        await FillAsync(key, lease, 1);
        _time.Advance(TimeSpan.FromMilliseconds(CacheLimits.EntryMs - 1));
        await Cache.InvalidateAsync(key, 2, default);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await GetAsync(key)).Lease.ShouldNotBe(lease);
    }

    [Fact]
    public async Task It_keeps_no_more_entries_than_it_may_and_what_is_used_stays()
    {
        await using var small = new MemoryCache(_time, entries: 160, bytes: 1 << 30);
        var used = NewKey();
        (await small.FillAsync(used, (await small.GetAsync(used, default)).Lease, 1, new byte[] { 1 }, default))
            .ShouldBe(CacheFill.Filled);
        for (var at = 0; at < 2_000; at++)
        {
            await small.GetAsync(NewKey(), default);
            (await small.GetAsync(used, default)).Value.ShouldNotBeNull();
            small.Count.ShouldBeLessThanOrEqualTo(160);
        }
    }

    [Fact]
    public async Task It_keeps_no_more_bytes_than_it_may()
    {
        await using var small = new MemoryCache(_time, entries: 1 << 20, bytes: 16 * 100_000);
        for (var at = 0; at < 1_000; at++)
        {
            var key = NewKey();
            await small.FillAsync(key, (await small.GetAsync(key, default)).Lease, 1, new byte[10_000], default);
        }

        small.Count.ShouldBeInRange(16, 160);
    }

    private protected override ValueTask<ICache> OpenAsync() => ValueTask.FromResult<ICache>(new MemoryCache(_time));

    private protected override Task ForgetAsync(string key)
    {
        _time.Advance(TimeSpan.FromMilliseconds(CacheLimits.EntryMs));
        return Task.CompletedTask;
    }
}
