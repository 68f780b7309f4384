using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas;

/// <summary>What may still come back to an account keeps it from being closed.</summary>
public sealed class ReturnableTests
{
    private readonly FakeTimeProvider _time = new(
        DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public async Task A_payer_cannot_close_while_its_transfer_is_under_way()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        (await bank.ReadAsync(from)).ReturnableMinor.ShouldBe(250);
        var refusal = (await bank.SetStatusAsync(from, AccountStatus.Closed)).ShouldNotBeNull();
        refusal.ShouldBe(
            new Refusal(
                RefusalReason.TransfersUnderWay,
                $"Transfers of 2.50 EUR from account {from} are under way and may still come back; "
                    + "it closes when they have ended."));

        (await bank.SetStatusAsync(to, AccountStatus.Frozen)).ShouldBeNull();
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Compensated);
        var account = await bank.ReadAsync(from);
        (account.PostedMinor, account.ReturnableMinor).ShouldBe((250, 0));
        (await bank.HeldAsync(AccountKind.Clearing, 0)).ShouldBe(0);
        await bank.ShouldAddUpAsync();
    }

    // The case that lost money: retry, compensate and reopen were refused for ever.
    [Fact]
    public async Task No_transfer_stays_unfinished_because_both_sides_refuse()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        (await bank.SetStatusAsync(to, AccountStatus.Frozen)).ShouldBeNull();
        (await bank.SetStatusAsync(from, AccountStatus.Closed))!.Reason.ShouldBe(RefusalReason.TransfersUnderWay);
        (await bank.SetStatusAsync(from, AccountStatus.Frozen)).ShouldBeNull();
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Compensated);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(250);
        (await bank.HeldAsync(AccountKind.Clearing, 0)).ShouldBe(0);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task An_account_closes_when_its_transfer_has_settled()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(1));
        await bank.StartAsync(from, to, 250);
        await bank.Pump.RunAsync(2);
        (await bank.ReadAsync(from)).ReturnableMinor.ShouldBe(0);
        (await bank.SetStatusAsync(from, AccountStatus.Closed)).ShouldBeNull();
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_transfer_within_a_shard_leaves_nothing_that_may_come_back()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(0));
        (await bank.Payments.TransferAsync(bank.Transfer(from, to, 250), default)).Status.ShouldBe(
            TransferStatus.Settled);
        (await bank.SetStatusAsync(from, AccountStatus.Closed)).ShouldBeNull();
    }

    [Fact]
    public async Task A_parked_transfer_keeps_its_payer_open_until_an_operator_ends_it()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        bank.Pump.Lose(0);
        bank.Tamper(0, "UPDATE aggregates SET state = 'parked', wake_us = NULL WHERE state = 'running'").ShouldBe(1);
        (await bank.SetStatusAsync(from, AccountStatus.Closed))!.Reason.ShouldBe(RefusalReason.TransfersUnderWay);
        (await bank.Operations.CompensateAsync(id, default)).ShouldBeNull();
        await bank.Pump.RunAsync();
        var account = await bank.ReadAsync(from);
        (account.PostedMinor, account.ReturnableMinor).ShouldBe((250, 0));
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Compensated);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_repeat_for_a_parked_transfer_says_so_at_once()
    {
        // The clock stands still: whoever waits for the end of the saga waits for ever.
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(1));
        var request = bank.Transfer(from, to, 250, key: "k");
        var first = bank.Payments.TransferAsync(request, default);
        while (bank.Tamper(0, "UPDATE aggregates SET state = 'parked', wake_us = NULL WHERE state = 'running'") == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        var repeat = await bank.Payments.TransferAsync(request, default)
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        repeat.Status.ShouldBe(TransferStatus.Parked);
        (await bank.Operations.CompensateAsync(repeat.TransferId, default)).ShouldBeNull();
        await bank.Pump.RunAsync();
        (await first.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken))
            .TransferId.ShouldBe(repeat.TransferId);
    }

    [Fact]
    public async Task A_passed_deadline_releases_what_might_have_come_back()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 500), await bank.AccountAsync(1));
        await bank.StartAsync(from, to, 250);
        bank.Pump.Lose(0);
        await bank.StartAsync(from, to, 100);
        (await bank.ReadAsync(from)).ReturnableMinor.ShouldBe(350);
        await bank.Pump.RunAsync();
        (await bank.ReadAsync(from)).ReturnableMinor.ShouldBe(250);
        _time.Advance(TimeSpan.FromMinutes(6));
        await bank.Timers.FireDueAsync(0, default);
        await bank.Pump.RunAsync();
        var account = await bank.ReadAsync(from);
        (account.PostedMinor, account.ReturnableMinor).ShouldBe((400, 0));
        await bank.ShouldAddUpAsync();
    }
}
