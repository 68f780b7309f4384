using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Cache;
using Tideline.Queries;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Engines.Tests.Cache;

public sealed class SimulatedCacheTests : CacheContract
{
    private readonly FakeTimeProvider _time = new();
    private readonly CacheDisk _disk = new();

    [Fact]
    public async Task Processes_share_what_one_of_them_filled_for_as_long_as_it_lives()
    {
        var key = NewKey();
        await FillAsync(key, (await GetAsync(key)).Lease, 1);
        await using var other = new SimulatedCache(_disk, _time);
        (await other.GetAsync(key, default)).Value.ShouldNotBeNull();
        _time.Advance(TimeSpan.FromMilliseconds(CacheLimits.EntryMs - 1));
        (await other.InvalidateAsync(key, 2, default)).ShouldBeTrue();
        (await VersionAsync(key)).ShouldBeNull();
        var lease = (await GetAsync(key)).Lease;
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await FillAsync(key, lease, 2)).ShouldBe(CacheFill.Refused);
    }

    [Fact]
    public async Task A_lease_ends_soon_and_with_everything_else()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        _time.Advance(TimeSpan.FromMilliseconds(CacheLimits.LeaseMs));
        (await FillAsync(key, lease, 1)).ShouldBe(CacheFill.Refused);
        lease = (await GetAsync(key)).Lease;
        _disk.Wipe();
        (await FillAsync(key, lease, 1)).ShouldBe(CacheFill.Refused);
    }

    private protected override ValueTask<ICache> OpenAsync() => new(new SimulatedCache(_disk, _time));

    private protected override Task ForgetAsync(string key)
    {
        _disk.Forget(key);
        return Task.CompletedTask;
    }
}
