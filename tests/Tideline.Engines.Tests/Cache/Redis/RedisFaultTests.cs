using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Tideline.Engines.Cache.Redis;
using Tideline.Queries;

namespace Tideline.Engines.Tests.Cache.Redis;

/// <summary>
/// The time of the cache stands still but for what a test lets pass, so that what is too slow is decided here and not
/// by the machine.
/// </summary>
public sealed class RedisFaultTests
{
    private const string Key = "customers_v1/ada";
    private static readonly byte[] Value = [42];
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_server_that_hangs_costs_a_few_waits_and_then_nothing_until_it_answers_again()
    {
        await using var server = await RedisServer.StartedAsync();
        await using var cache = await ConnectAsync(server.Address);
        await FillAsync(cache);
        await server.SuspendAsync();
        await ShouldBeLeftAloneAsync(cache);

        // One try at a time, and none more for it.
        _time.Advance(TimeSpan.FromMilliseconds(RedisLimits.AwayMs));
        var trying = cache.GetAsync(Key, default);
        trying.IsCompleted.ShouldBeFalse();
        await ShouldNotBeAskedAsync(cache);
        _time.Advance(TimeSpan.FromMilliseconds(RedisLimits.ReadMs));
        (await trying).IsAnswered.ShouldBeFalse();
        await ShouldNotBeAskedAsync(cache);

        var announcing = cache.InvalidateAsync(Key, 9, default);
        announcing.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(RedisLimits.InvalidationMs));
        (await announcing).ShouldBeFalse();

        await server.ResumeAsync();
        (await BackAsync(cache)).IsAnswered.ShouldBeTrue();
    }

    [Fact]
    public async Task A_server_that_was_killed_is_used_again_when_it_is_back_and_takes_no_fill_from_before()
    {
        await using var server = await RedisServer.StartedAsync();
        await using var cache = await ConnectAsync(server.Address);
        var late = await FillAsync(cache);
        await server.KillAsync();
        await ShouldBeLeftAloneAsync(cache);
        (await cache.FillAsync(Key, late, 2, Value, default)).ShouldBe(CacheFill.Unavailable);
        (await cache.InvalidateAsync(Key, 3, default)).ShouldBeFalse();

        await server.StartAsync();
        var answer = await BackAsync(cache);
        answer.Value.ShouldBeNull();
        (await cache.FillAsync(Key, late, 2, Value, default)).ShouldBe(CacheFill.Refused);
        (await cache.FillAsync(Key, answer.Lease, 3, Value, default)).ShouldBe(CacheFill.Filled);
        (await cache.InvalidateAsync(Key, 4, default)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_flushed_server_takes_no_fill_from_before()
    {
        await using var server = await RedisServer.StartedAsync();
        await using var cache = await ConnectAsync(server.Address);
        await using var direct = await ConnectionMultiplexer.ConnectAsync($"{server.Address},allowAdmin=true");
        var late = await FillAsync(cache);
        (await cache.InvalidateAsync(Key, 6, default)).ShouldBeTrue();
        await direct.GetServer(server.Address).FlushAllDatabasesAsync();
        (await cache.FillAsync(Key, late, 5, Value, default)).ShouldBe(CacheFill.Refused);
        (await cache.GetAsync(Key, default)).Value.ShouldBeNull();
        (await cache.FillAsync(Key, late, 5, Value, default)).ShouldBe(CacheFill.Refused);
    }

    [Fact]
    public async Task A_server_that_is_full_costs_no_more_than_one_that_is_gone()
    {
        await using var server = await RedisServer.StartedAsync();
        await using var cache = await ConnectAsync(server.Address);
        await using var direct = await ConnectionMultiplexer.ConnectAsync($"{server.Address},allowAdmin=true");
        await direct.GetServer(server.Address).ConfigSetAsync("maxmemory", "1");
        await ShouldBeLeftAloneAsync(cache);
        await direct.GetServer(server.Address).ConfigSetAsync("maxmemory", "0");
        (await BackAsync(cache)).IsAnswered.ShouldBeTrue();
    }

    [Fact]
    public async Task A_slow_line_is_given_up_and_taken_again_when_it_is_quick()
    {
        await using var server = await RedisServer.StartedAsync();
        await using var line = await Toxiproxy.ToAsync(server.Address);
        await using var cache = await ConnectAsync(line.Address);
        await FillAsync(cache);
        await line.SlowDownAsync(TimeSpan.FromSeconds(2));
        await ShouldBeLeftAloneAsync(cache);
        await line.SpeedUpAsync();
        (await BackAsync(cache)).IsAnswered.ShouldBeTrue();
    }

    [Fact]
    public async Task A_line_that_was_cut_is_mended_by_itself()
    {
        await using var server = await RedisServer.StartedAsync();
        await using var line = await Toxiproxy.ToAsync(server.Address);
        await using var cache = await ConnectAsync(line.Address);
        await FillAsync(cache);
        await line.SetConnectedAsync(false);
        await ShouldBeLeftAloneAsync(cache);
        await line.SetConnectedAsync(true);
        (await BackAsync(cache)).IsAnswered.ShouldBeTrue();
    }

    [Fact]
    public async Task It_starts_without_a_server_and_finds_it_later()
    {
        await using var server = new RedisServer();
        await using var cache = await ConnectAsync(server.Address);
        (await AskAsync(cache)).IsAnswered.ShouldBeFalse();
        await server.StartAsync();
        var answer = await BackAsync(cache);
        (await cache.FillAsync(Key, answer.Lease, 1, Value, default)).ShouldBe(CacheFill.Filled);
    }

    private Task<RedisCache> ConnectAsync(string address) =>
        RedisCache.ConnectAsync(new RedisCacheOptions { Configuration = address }, _time, NullLogger.Instance, default);

    private static async Task<Guid> FillAsync(RedisCache cache)
    {
        var lease = (await cache.GetAsync(Key, default)).Lease;
        (await cache.FillAsync(Key, lease, 1, Value, default)).ShouldBe(CacheFill.Filled);
        (await cache.GetAsync(Key, default)).Value.ShouldNotBeNull().ToArray().ShouldBe(Value);
        return lease;
    }

    // After the named number of failures nothing is sent any more: the answer is there at once.
    private async Task ShouldBeLeftAloneAsync(RedisCache cache)
    {
        for (var failure = 1; failure <= RedisLimits.Failures; failure++)
        {
            cache.Breaker.IsOpen.ShouldBeFalse();
            (await AskAsync(cache)).IsAnswered.ShouldBeFalse();
        }

        await ShouldNotBeAskedAsync(cache);
    }

    private static async Task ShouldNotBeAskedAsync(RedisCache cache)
    {
        cache.Breaker.IsOpen.ShouldBeTrue();
        for (var read = 0; read < 1_000; read++)
        {
            var answer = cache.GetAsync(Key, default);
            answer.IsCompletedSuccessfully.ShouldBeTrue();
            (await answer).IsAnswered.ShouldBeFalse();
        }
    }

    // One read, which has for its answer what is more than enough for a server that works.
    private async Task<CacheAnswer> AskAsync(RedisCache cache)
    {
        var get = cache.GetAsync(Key, default).AsTask();
        await Task.WhenAny(get, Task.Delay(TimeSpan.FromMilliseconds(100)));
        _time.Advance(TimeSpan.FromMilliseconds(RedisLimits.ReadMs));
        return await get;
    }

    private async Task<CacheAnswer> BackAsync(RedisCache cache)
    {
        for (var tries = 0; tries < 300; tries++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(RedisLimits.AwayMs));
            if (await AskAsync(cache) is { IsAnswered: true } answer) return answer;
            await Task.Delay(50);
        }

        return default;
    }
}
