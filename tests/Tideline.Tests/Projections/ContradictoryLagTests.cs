using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Tests.Kernel;
using Tideline.Tests.Ledger;
using Tideline.Views;

namespace Tideline.Tests.Projections;

/// <summary>I8: where the figures contradict each other the lag is not known, and never none.</summary>
public sealed class ContradictoryLagTests : IAsyncLifetime
{
    private const int YearDays = 365;
    private readonly MachineTime _machine = MachineTime.InMarch();
    private Bank _bank = null!;
    private ShardProgress _progress = null!;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(1, _machine);
        await _bank.AccountAsync(0, 1);
        _progress = new ShardProgress("customers", 0, _bank.Ledger, _machine);
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_system_clock_that_goes_back_takes_nothing_from_the_lag()
    {
        await _progress.LoadAsync(default, default);
        _machine.Advance(TimeSpan.FromMinutes(1));
        var lag = _progress.LagMs();
        lag.ShouldBeGreaterThanOrEqualTo(60_000);
        _machine.Jump(TimeSpan.FromDays(-YearDays));
        _progress.LagMs().ShouldBe(lag);
        _progress.Status(1, 0).Healthy.ShouldBeFalse();
    }

    [Fact]
    public void An_event_that_lies_ahead_by_more_than_two_clocks_may_be_apart_makes_the_lag_unknown()
    {
        _progress.MoveTo(new Watermark(1, _bank.Ledger.CommittedHead(0).TimeUs));
        _progress.Began(2, _machine.NowUs() + 3_600_000_000);
        _progress.LagMs().ShouldBe(double.PositiveInfinity);
        var status = _progress.Status(1, 0);
        status.Healthy.ShouldBeFalse();
        status.Fault.ShouldNotBeNull().ShouldContain("lies ahead");
    }

    [Fact]
    public void An_event_of_an_owner_whose_clock_is_a_little_ahead_is_at_most_that_old()
    {
        _progress.MoveTo(new Watermark(1, _bank.Ledger.CommittedHead(0).TimeUs));
        _progress.Began(2, _machine.NowUs() + 500_000);
        _progress.LagMs().ShouldBe(Limits.ClockApartMs);
    }

    [Fact]
    public void Views_that_lost_events_are_as_old_as_what_they_have_left()
    {
        var head = _bank.Ledger.CommittedHead(0);
        _progress.MoveTo(new Watermark(head.EventSeq, head.TimeUs));
        _machine.Advance(TimeSpan.FromMinutes(1));
        _progress.LagMs().ShouldBe(0);
        _progress.MoveTo(new Watermark(1, head.TimeUs));
        _progress.LagMs().ShouldBeGreaterThanOrEqualTo(60_000, "they lacked nothing a moment ago, and do now");
    }

    [Fact]
    public void Views_that_hold_more_than_their_ledger_are_not_called_fresh()
    {
        var head = _bank.Ledger.CommittedHead(0);
        _progress.MoveTo(new Watermark(head.EventSeq + 3, head.TimeUs));
        _progress.LagMs().ShouldBe(0, "a commit may have reached readers a moment before it was noted");
        _machine.Advance(TimeSpan.FromMilliseconds(100));
        _progress.LagMs().ShouldBe(100);
        _machine.Advance(TimeSpan.FromMilliseconds(ProjectionLimits.FrozenWatermarkMs));
        _progress.LagMs().ShouldBe(double.PositiveInfinity);
        var status = _progress.Status(1, 0);
        status.Healthy.ShouldBeFalse();
        status.Fault.ShouldNotBeNull()
            .ShouldContain($"holds event {head.EventSeq + 3} of shard 0, whose ledger ends at {head.EventSeq}");
    }
}
