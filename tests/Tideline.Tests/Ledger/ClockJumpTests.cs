using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Statements;
using Tideline.Tests.Kernel;

namespace Tideline.Tests.Ledger;

/// <summary>
/// A system clock that jumps under a ledger of several shards: nothing is stamped by it, and nothing stops.
/// </summary>
public sealed class ClockJumpTests : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Hour = TimeSpan.FromHours(1);
    private readonly MachineTime _machine = MachineTime.InMarch();
    private readonly string _folder =
        Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private Bank _bank = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private GeneralLedger Ledger => _bank.Ledger;

    public async ValueTask InitializeAsync() => _bank = await OpenAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Theory]
    [InlineData(3_650)]
    [InlineData(-3_650)]
    public async Task After_a_second_of_a_clock_ten_years_off_holds_timers_statements_and_lag_are_right(int days)
    {
        var (from, to) = (await _bank.AccountAsync(0, 1_000), await _bank.AccountAsync(1));
        _machine.Jump(TimeSpan.FromDays(days));
        Ledger.ClockFault().ShouldNotBeNull().ShouldContain("3650.0 days");
        (await _bank.DepositAsync(from, 1)).Refusal.ShouldBeNull();
        await PlaceHoldAsync(from, TimeSpan.FromDays(7));
        _machine.Advance(Second);
        _machine.Jump(TimeSpan.FromDays(-days));
        Ledger.ClockFault().ShouldBeNull();

        await PlaceHoldAsync(from, TimeSpan.FromDays(7));
        for (var shard = 0; shard < 2; shard++)
        {
            var aheadUs = Ledger.CommittedHead(shard).TimeUs - _machine.NowUs();
            aheadUs.ShouldBeInRange(-2_000_000, Limits.ClockStepMs * 1_000L);
        }

        var statement = await StatementAsync(from);
        (statement.Entries, statement.ClosingMinor).ShouldBe((2L, 1_001L));

        // A message that was lost is sent again when its timer goes off.
        var request = _bank.Transfer(from, to, 250);
        var start = new StartTransfer(Ledger.NextIdBeside(from), from, to, request.Amount, null)
        {
            Key = request.Key, Fingerprint = request.Fingerprint,
        };
        var id = (await Ledger.ExecuteAsync(start, Cancel)).Subject;
        _bank.Pump.Lose(0);
        for (var hour = 0; hour < 24; hour++)
        {
            _machine.Advance(Hour);
            await _bank.Timers.FireDueAsync(0, Cancel);
            await _bank.Pump.RunAsync();
        }

        (await Ledger.Reader(0).GetSagaAsync(id, Cancel)).ShouldNotBeNull().State.ShouldNotBe(SagaState.Running);
        await _bank.ShouldAddUpAsync();
    }

    [Theory]
    [InlineData(3_650)]
    [InlineData(-3_650)]
    public async Task A_hold_ends_by_the_time_that_passed_whatever_the_system_clock_says(int days)
    {
        var account = await _bank.AccountAsync(0, 1_000);
        var hold = await PlaceHoldAsync(account, Hour);
        _machine.Jump(TimeSpan.FromDays(days));
        _machine.Advance(Hour / 2);
        (await _bank.Timers.FireDueAsync(0, Cancel)).ShouldBe(0);
        _machine.Advance(Hour);
        (await _bank.Timers.FireDueAsync(0, Cancel)).ShouldBe(1);
        (await Ledger.Reader(0).GetHoldAsync(hold, Cancel)).ShouldNotBeNull().Status.ShouldBe(HoldStatus.Expired);
    }

    [Fact]
    public async Task Times_of_commits_rise_though_the_clock_stands_still_or_steps_back()
    {
        var account = await _bank.AccountAsync(0);
        for (var deposit = 0; deposit < 50; deposit++)
        {
            await _bank.DepositAsync(account, 1);
            if (deposit == 20) _machine.Jump(TimeSpan.FromMilliseconds(-900));
            if (deposit == 40) _machine.Jump(TimeSpan.FromDays(-9));
        }

        var entries = await Ledger.Reader(0).GetEntriesAsync(account, long.MaxValue, 50, Cancel);
        var times = entries.Select(entry => entry.TimeUs).Reverse().ToList();
        times.Zip(times.Skip(1)).ShouldAllBe(pair => pair.First < pair.Second);
    }

    [Fact]
    public async Task An_owner_whose_clock_is_behind_takes_no_commands_until_it_has_passed_the_newest_commit()
    {
        var account = await _bank.AccountAsync(0, 1_000);
        await _bank.CloseAsync();
        _machine.Jump(-Hour);
        _bank = await OpenAsync();
        var refused = await Should.ThrowAsync<TidelineException>(_bank.DepositAsync(account, 1));
        (refused.Code, refused.IsTransient).ShouldBe((ErrorCode.ClockWrong, true));
        refused.Message.ShouldContain("behind");
        Ledger.ClockFault().ShouldNotBeNull().ShouldContain("shard 0");
        // Reads go on, and hide nothing.
        var statement = await StatementAsync(account);
        statement.ClosingMinor.ShouldBe(1_000);

        _machine.Advance(Hour);
        (await _bank.DepositAsync(account, 1)).BalanceMinor.ShouldBe(1_001);
        Ledger.ClockFault().ShouldBeNull();
    }

    [Fact]
    public async Task A_clock_that_is_years_ahead_at_the_start_is_refused_unless_it_is_accepted()
    {
        await _bank.AccountAsync(0, 1_000);
        await _bank.CloseAsync();
        _machine.Jump(TimeSpan.FromDays(LedgerLimits.ClockIdleDays + 1));
        var refused = await Should.ThrowAsync<TidelineException>(OpenAsync());
        refused.Code.ShouldBe(ErrorCode.ClockWrong);
        refused.Message.ShouldContain("--accept-clock");
        _bank = await OpenAsync(acceptClock: true);
        (await _bank.AccountAsync(1, 1_000)).ShouldNotBe(Guid.Empty);
    }

    [Fact]
    public async Task A_clock_that_is_days_ahead_at_the_start_is_taken_as_it_is()
    {
        await _bank.AccountAsync(0, 1_000);
        await _bank.CloseAsync();
        _machine.Jump(TimeSpan.FromDays(30));
        _bank = await OpenAsync();
        await _bank.DepositAsync(await _bank.AccountAsync(0), 1);
        Clock.FromUs(Ledger.CommittedHead(0).TimeUs).ShouldBe(_machine.GetUtcNow(), Second);
    }

    private Task<Bank> OpenAsync(bool acceptClock = false) =>
        Bank.OpenAsync(2, _machine, _folder, acceptClock: acceptClock);

    private async Task<Statement> StatementAsync(Guid account)
    {
        var from = _machine.GetUtcNow().AddDays(-1);
        return (await new AccountStatements(Ledger).GetAsync(account, from, null, Cancel)).ShouldNotBeNull();
    }

    private async Task<Guid> PlaceHoldAsync(Guid account, TimeSpan life)
    {
        var expiresUs = Ledger.NowUs(Ledger.Map.ShardOf(account)) + (long)life.TotalMicroseconds;
        var place = new PlaceHold(Ledger.Ids.Next(), account, new Money(100, Bank.Eur), expiresUs, null);
        var placed = await Ledger.ExecuteAsync(place, Cancel);
        placed.Refusal.ShouldBeNull();
        return placed.Subject;
    }
}
