using Tideline.Kernel;

namespace Tideline.Tests.Kernel;

/// <summary>What the clock that stamps does when one of the clocks below it is wrong.</summary>
public sealed class SteadyClockTests
{
    private const double DayMs = 86_400_000, YearMs = 365 * DayMs;
    private const string Server = "tideline_0";
    private readonly MachineTime _machine = MachineTime.InMarch();
    private readonly SteadyClock _clock;

    public SteadyClockTests() => _clock = new SteadyClock(_machine);

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Small_steps_of_the_system_clock_are_followed(int direction)
    {
        var before = _clock.NowUs();
        _machine.Jump(Ms(direction * 900));
        _machine.Advance(Ms(5_000));
        (_clock.NowUs() - before).ShouldBe((5_000 + direction * 900) * 1_000L);
        (_clock.Fault, _clock.Jumps).ShouldBe((null, 0L));
    }

    [Theory]
    [InlineData(10 * YearMs, "3650.0 days ahead of")]
    [InlineData(-10 * YearMs, "3650.0 days behind")]
    [InlineData(3 * 3_600_000, "3.0 hours ahead of")]
    [InlineData(1_001, "1.0 s ahead of")]
    [InlineData(-1_001, "1.0 s behind")]
    public void A_jump_moves_nothing_and_is_named_until_the_system_clock_is_right_again(double jumpMs, string distance)
    {
        var before = _clock.NowUs();
        _machine.Jump(Ms(jumpMs));
        _machine.Advance(Ms(400));
        (_clock.NowUs() - before).ShouldBe(400_000);
        _clock.Fault.ShouldNotBeNull().ShouldContain(distance);
        _clock.OffsetMs.ShouldBe(jumpMs, 0.001);
        _clock.Jumps.ShouldBe(1);

        _machine.Jump(Ms(-jumpMs));
        _machine.Advance(Ms(100));
        (_clock.NowUs() - before).ShouldBe(500_000);
        _clock.Fault.ShouldBeNull();
        _clock.OffsetMs.ShouldBe(0);
        _clock.Jumps.ShouldBe(1);
    }

    [Fact]
    public void Many_small_steps_do_not_add_up_to_a_large_one_within_an_hour()
    {
        var before = _clock.NowUs();
        for (var step = 0; step < 100; step++)
        {
            _machine.Jump(Ms(900));
            (_clock.NowUs() - before).ShouldBeLessThanOrEqualTo(Limits.ClockStepMs * 1_000L);
        }

        _clock.Fault.ShouldNotBeNull();
    }

    [Fact]
    public void A_system_clock_that_is_corrected_little_by_little_is_followed_for_ever()
    {
        for (var hour = 1; hour <= 48; hour++)
        {
            _machine.Advance(Ms(Limits.ClockAnchorMs));
            _machine.Jump(Ms(500));
            _clock.NowUs().ShouldBe(_machine.NowUs());
        }

        _clock.Fault.ShouldBeNull();
    }

    [Fact]
    public void It_never_goes_back()
    {
        var random = new Random(16);
        var last = 0L;
        for (var step = 0; step < 1_000; step++)
        {
            if (random.Next(2) == 0) _machine.Jump(Ms(random.Next(-3_000, 3_000)));
            else _machine.Advance(Ms(random.Next(300)));
            var now = _clock.NowUs();
            now.ShouldBeGreaterThanOrEqualTo(last);
            last = now;
        }
    }

    [Fact]
    public void An_idle_process_notices_a_jump()
    {
        using var watch = _clock.Watch();
        _machine.Jump(Ms(YearMs));
        _machine.Advance(Ms(Limits.ClockLookMs));
        _machine.Jump(Ms(-YearMs));
        _clock.Jumps.ShouldBe(1);
    }

    [Fact]
    public void Ids_that_are_made_during_a_jump_sort_by_the_order_in_which_they_were_made()
    {
        var ids = new IdGenerator(_clock);
        var made = new List<string>();
        foreach (var jumpMs in (double[])[0, YearMs, -2 * YearMs, YearMs])
        {
            _machine.Jump(Ms(jumpMs));
            _machine.Advance(Ms(1));
            made.Add(ids.Next().ToString());
        }

        made.ShouldBe(made.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(3_600_000)]
    [InlineData(-3_600_000)]
    [InlineData(10 * YearMs)]
    public void The_databases_clock_is_taken_at_first_and_a_system_clock_that_differs_is_named(double aheadMs)
    {
        _clock.NowUs();
        var server = _machine.NowUs() - (long)(aheadMs * 1_000);
        Hear(server);
        _clock.NowUs().ShouldBe(server);
        _clock.Fault.ShouldNotBeNull().ShouldStartWith("The system clock");
        // It is set right.
        _machine.Jump(Ms(-aheadMs));
        _clock.Fault.ShouldBeNull();
        _clock.NowUs().ShouldBe(server);
    }

    [Fact]
    public void The_databases_clock_is_followed_and_a_system_clock_that_drifts_away_is_named()
    {
        Hear(_machine.NowUs());
        for (var step = 1; step <= 20; step++)
        {
            _machine.Advance(Ms(Limits.ClockAnchorMs));
            _machine.Jump(Ms(100));
            var server = _machine.NowUs() - step * 100_000L;
            Hear(server);
            _clock.NowUs().ShouldBe(server);
        }

        _clock.Fault.ShouldNotBeNull().ShouldContain("2.0 s ahead of");
    }

    [Fact]
    public void A_databases_clock_that_jumps_is_named_and_not_followed_until_it_is_right_again()
    {
        Hear(_machine.NowUs());
        _machine.Advance(Ms(500));
        var right = _machine.NowUs();
        Hear(right + (long)(10 * YearMs * 1_000));
        _clock.NowUs().ShouldBe(right);
        _clock.Fault.ShouldNotBeNull().ShouldContain($"MySQL's clock at {Server} is 3650.0 days ahead of");
        Hear(right);
        _clock.Fault.ShouldBeNull();
    }

    [Theory]
    [InlineData(2 * 3_600_000, true)]
    [InlineData(2 * DayMs, false)]
    public void After_a_suspension_both_clocks_are_believed_within_a_day(double suspendedMs, bool isBelieved)
    {
        Hear(_machine.NowUs());
        var before = _clock.NowUs();
        _machine.Jump(Ms(suspendedMs));
        _clock.NowUs().ShouldBe(before);
        Hear(_machine.NowUs());
        _clock.NowUs().ShouldBe(isBelieved ? _machine.NowUs() : before);
        (_clock.Fault is null).ShouldBe(isBelieved);
    }

    [Fact]
    public void An_answer_that_took_long_is_judged_by_question_and_answer()
    {
        Hear(_machine.NowUs());
        // Read at once, answered after 20 s: no contradiction.
        var (askedAt, server) = (_clock.GetTimestamp(), _machine.NowUs());
        _machine.Advance(Ms(20_000));
        _clock.Hear(Server, server, askedAt);
        _clock.Fault.ShouldBeNull();
        _clock.NowUs().ShouldBe(_machine.NowUs());
    }

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);

    private void Hear(long serverUs) => _clock.Hear(Server, serverUs, _clock.GetTimestamp());
}
