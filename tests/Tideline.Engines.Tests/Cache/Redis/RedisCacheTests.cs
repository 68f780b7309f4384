using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Tideline.Engines.Cache;
using Tideline.Engines.Cache.Redis;
using Tideline.Kernel;
using Tideline.Queries;

namespace Tideline.Engines.Tests.Cache.Redis;

public sealed class RedisCacheTests : CacheContract
{
    private readonly string _prefix = $"tideline-test-{new IdGenerator(TimeProvider.System).Next():N}:";
    private ConnectionMultiplexer _direct = null!;

    private IDatabase Database => _direct.GetDatabase();

    [Fact]
    public async Task Leases_and_values_end_by_themselves_and_an_invalidation_lets_none_live_longer()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        (await LifeAsync(key))
            .ShouldBeInRange(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(CacheLimits.LeaseMs));
        await FillAsync(key, lease, 1);
        var life = await LifeAsync(key);
        life.ShouldBeInRange(
            TimeSpan.FromMilliseconds(CacheLimits.LeaseMs + 1), TimeSpan.FromMilliseconds(CacheLimits.EntryMs));
        await Cache.InvalidateAsync(key, 2, default);
        (await LifeAsync(key)).ShouldBeInRange(TimeSpan.FromMilliseconds(1), life);
        await FillAsync(key, lease, 2);
        (await VersionAsync(key)).ShouldBe(2);
    }

    [Fact]
    public async Task An_invalidation_of_what_is_not_there_leaves_nothing_behind()
    {
        var key = NewKey();
        (await Cache.InvalidateAsync(key, 1, default)).ShouldBeTrue();
        (await Database.KeyExistsAsync(_prefix + key)).ShouldBeFalse();
    }

    [Fact]
    public async Task What_another_program_wrote_is_no_answer_and_stays_as_it_is()
    {
        var key = NewKey();
        await Database.StringSetAsync(_prefix + key, "hello");
        (await Cache.GetAsync(key, default)).IsAnswered.ShouldBeFalse();
        (await Cache.FillAsync(key, new IdGenerator(TimeProvider.System).Next(), 1, new byte[] { 1 }, default))
            .ShouldBe(CacheFill.Refused);
        ((string?)await Database.StringGetAsync(_prefix + key)).ShouldBe("hello");
        await Database.KeyDeleteAsync(_prefix + key);
    }

    [Fact]
    public async Task Scripts_that_the_server_forgot_are_sent_again()
    {
        var key = NewKey();
        var lease = (await GetAsync(key)).Lease;
        await FillAsync(key, lease, 1);
        await Database.ExecuteAsync("SCRIPT", "FLUSH");
        (await FillAsync(key, lease, 2)).ShouldBe(CacheFill.Filled);
        (await Cache.InvalidateAsync(key, 3, default)).ShouldBeTrue();
        (await VersionAsync(key)).ShouldBeNull();
    }

    [Fact]
    public async Task An_address_that_cannot_be_read_is_refused_with_words()
    {
        var options = new RedisCacheOptions { Configuration = "localhost:6379,noSuchOption=1" };
        var fault = await Should.ThrowAsync<TidelineException>(
            () => RedisCache.ConnectAsync(options, TimeProvider.System, NullLogger.Instance, default));
        fault.Code.ShouldBe(ErrorCode.InvalidInput);
        fault.Message.ShouldContain("noSuchOption");
    }

    // On a clock that stands still no call takes too long, however busy the machine is.
    private protected override async ValueTask<ICache> OpenAsync()
    {
        var options =
            new RedisCacheOptions { Configuration = $"{RealEngine.Redis},asyncTimeout=30000", Prefix = _prefix };
        _direct = await ConnectionMultiplexer.ConnectAsync(RealEngine.Redis);
        return await RedisCache.ConnectAsync(options, new FakeTimeProvider(), NullLogger.Instance, default);
    }

    private protected override async ValueTask CloseAsync()
    {
        if (_direct is not null) await _direct.DisposeAsync();
    }

    private protected override Task ForgetAsync(string key) => Database.KeyDeleteAsync(_prefix + key);

    private async Task<TimeSpan> LifeAsync(string key) =>
        (await Database.KeyTimeToLiveAsync(_prefix + key)).ShouldNotBeNull();
}
