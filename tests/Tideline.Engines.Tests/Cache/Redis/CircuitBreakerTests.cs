using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Cache.Redis;

namespace Tideline.Engines.Tests.Cache.Redis;

public sealed class CircuitBreakerTests
{
    private static readonly TimeSpan Away = TimeSpan.FromMilliseconds(RedisLimits.AwayMs);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Failures_with_a_success_between_them_keep_nobody_away()
    {
        var breaker = new CircuitBreaker(_time);
        for (var round = 0; round < 3; round++)
        {
            for (var failure = 1; failure < RedisLimits.Failures; failure++) breaker.Failed().ShouldBeFalse();
            breaker.TryEnter().ShouldBeTrue();
            breaker.Succeeded().ShouldBeFalse();
        }
    }

    [Fact]
    public void While_it_is_open_one_call_at_a_time_tries_even_if_its_end_is_never_told()
    {
        var breaker = Open();
        breaker.TryEnter().ShouldBeFalse();
        for (var round = 0; round < 3; round++)
        {
            _time.Advance(Away);
            breaker.TryEnter().ShouldBeTrue();
            breaker.TryEnter().ShouldBeFalse();
        }
    }

    [Fact]
    public void It_says_once_that_it_opened_and_once_that_it_closed()
    {
        var breaker = Open();
        _time.Advance(Away);
        breaker.TryEnter().ShouldBeTrue();
        breaker.Failed().ShouldBeFalse();
        breaker.TryEnter().ShouldBeFalse();
        _time.Advance(Away);
        breaker.TryEnter().ShouldBeTrue();
        breaker.Succeeded().ShouldBeTrue();
        breaker.Succeeded().ShouldBeFalse();
        breaker.TryEnter().ShouldBeTrue();
    }

    private CircuitBreaker Open()
    {
        var breaker = new CircuitBreaker(_time);
        for (var failure = 1; failure < RedisLimits.Failures; failure++) breaker.Failed().ShouldBeFalse();
        breaker.Failed().ShouldBeTrue();
        breaker.IsOpen.ShouldBeTrue();
        return breaker;
    }
}
