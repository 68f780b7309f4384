using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas;

/// <summary>What cannot be given back goes to suspense, and an operator pays it out exactly once.</summary>
public sealed class SuspenseTests
{
    private readonly FakeTimeProvider _time = new(
        DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public async Task A_refund_that_the_account_cannot_take_goes_to_suspense_with_the_reason()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (id, from, _) = await bank.SuspendAsync();
        (await bank.HeldAsync(AccountKind.Suspense, 0), await bank.HeldAsync(AccountKind.Clearing, 0)).ShouldBe(
            (250, 0));
        (await bank.ReadAsync(from)).ReturnableMinor.ShouldBe(0);
        var listed = (await bank.Operations.ListAsync(SagaState.Suspended, 10, default)).Items.ShouldHaveSingleItem();
        (listed.SagaId, listed.Amount, listed.SuspenseReason).ShouldBe(
            (id, new Money(250, Bank.Eur), $"Account {from} is closed."));
        var details = (await bank.Payments.GetTransferAsync(id, default))!;
        details.Status.ShouldBe(TransferStatus.Refused);
        details.Refusal!.Detail.ShouldEndWith($"so the bank holds it: Account {from} is closed.");
        details
            .Steps.Select(step => (step.Name, step.State))
            .ShouldBe([("debit-source", "done"), ("credit-destination", "refused"), ("debit-source", "suspended")]);
        var told = (await bank.Ledger.Reader(0).GetEventsAsync(0, 1_000, default)).Single(e =>
            EventData.Parse(e.Data.Span).Kind == "suspense");
        (told.Type, told.Subject, EventData.Parse(told.Data.Span).SagaId).ShouldBe(
            (EventType.BalanceUpdated, from, id));
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_refund_beyond_the_limit_of_a_balance_or_to_an_account_that_is_gone_goes_to_suspense_too()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        foreach (
            var harm in new[]
            {
                $"UPDATE accounts SET balance = {LedgerLimits.BalanceMinor}",
                "UPDATE accounts SET kind = 1",
                "UPDATE accounts SET currency = 'USD'",
            })
        {
            var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(1));
            var id = await bank.StartAsync(from, to, 250);
            (await bank.SetStatusAsync(to, AccountStatus.Frozen)).ShouldBeNull();
            bank.Tamper(0, $"{harm} WHERE account_id = X'{from:N}'").ShouldBe(1);
            await bank.Pump.RunAsync();
            (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Suspended, harm);
        }

        (await bank.HeldAsync(AccountKind.Suspense, 0), await bank.HeldAsync(AccountKind.Clearing, 0)).ShouldBe(
            (750, 0));
    }

    [Fact]
    public async Task It_is_paid_out_once_to_the_account_that_it_came_from_frozen_or_not()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (id, from, _) = await bank.SuspendAsync();
        bank.ForceClosed(from);
        (await bank.Operations.PayOutAsync(id, null, default))!.Reason.ShouldBe(RefusalReason.AccountClosed);
        bank.Tamper(0, $"UPDATE accounts SET status = 0 WHERE account_id = X'{from:N}'");
        (await bank.SetStatusAsync(from, AccountStatus.Frozen)).ShouldBeNull();
        var both = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => bank.Operations.PayOutAsync(id, null, default)));
        both.Count(refusal => refusal is null).ShouldBe(1);
        both.Where(refusal => refusal is not null)
            .ShouldAllBe(refusal => refusal!.Reason == RefusalReason.NothingOnSuspense);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(250);
        (await bank.HeldAsync(AccountKind.Suspense, 0)).ShouldBe(0);
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.PaidOut);
        ((await bank.Operations.ShowAsync(id, default))!.Value.History[^1] with { AtUs = 0 })
            .ShouldBe(new SagaHistory("payout", "done", 0, 0, $"to account {from}"));
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task It_is_not_paid_out_to_what_cannot_take_it()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (id, _, _) = await bank.SuspendAsync();
        foreach (var shard in new[] { 0, 1 })
        {
            var (closed, frozen, foreign) = (
                await bank.AccountAsync(shard), await bank.AccountAsync(shard),
                await bank.AccountAsync(shard, currency: "USD"));
            (await bank.SetStatusAsync(closed, AccountStatus.Closed)).ShouldBeNull();
            (await bank.SetStatusAsync(frozen, AccountStatus.Frozen)).ShouldBeNull();
            (Guid Account, RefusalReason Reason)[] cases =
            [
                (closed, RefusalReason.AccountClosed),
                (frozen, RefusalReason.AccountFrozen),
                (foreign, RefusalReason.CurrencyMismatch),
                (bank.Ledger.Map.NextOn(shard, bank.Ledger.Ids), RefusalReason.AccountNotFound),
                (bank.Ledger.SystemAccounts.Id(AccountKind.Suspense, Bank.Eur, shard), RefusalReason.AccountNotFound),
                (bank.Ledger.SystemAccounts.Id(AccountKind.Cash, Bank.Eur, shard), RefusalReason.AccountNotFound),
            ];
            foreach (var (account, reason) in cases)
                (await bank.Operations.PayOutAsync(id, account, default))!.Reason.ShouldBe(reason);
        }

        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Suspended);
        (await bank.HeldAsync(AccountKind.Suspense, 0)).ShouldBe(250);
        (await bank.Operations.PayOutAsync(bank.Ledger.Ids.Next(), null, default))!.Reason.ShouldBe(
            RefusalReason.SagaNotFound);
        await bank.ShouldAddUpAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task It_is_paid_out_once_to_another_account_on_any_shard(int shard)
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (id, _, _) = await bank.SuspendAsync();
        var other = await bank.AccountAsync(shard);
        var tries = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => bank.Operations.PayOutAsync(id, other, default)));
        tries.Count(refusal => refusal is null).ShouldBe(1);
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        await bank.Pump.RunAsync(2);
        (await bank.ReadAsync(other)).PostedMinor.ShouldBe(250);
        (await bank.HeldAsync(AccountKind.Suspense, 0), await bank.HeldAsync(AccountKind.Clearing, 0)).ShouldBe(
            (0, 250 * shard));
        (await bank.Operations.PayOutAsync(id, other, default))!.Reason.ShouldBe(RefusalReason.NothingOnSuspense);
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_payout_that_is_refused_on_its_way_goes_back_to_suspense_and_can_be_made_again()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (id, _, _) = await bank.SuspendAsync();
        var (other, third) = (await bank.AccountAsync(1), await bank.AccountAsync(1));
        (await bank.Operations.PayOutAsync(id, other, default)).ShouldBeNull();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.PaidOut);
        (await bank.SetStatusAsync(other, AccountStatus.Closed)).ShouldBeNull();
        await bank.Pump.RunAsync(2);
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Suspended);
        (await bank.HeldAsync(AccountKind.Suspense, 0)).ShouldBe(250);
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();

        (await bank.Operations.PayOutAsync(id, third, default)).ShouldBeNull();
        await bank.Pump.RunAsync();
        (await bank.ReadAsync(third)).PostedMinor.ShouldBe(250);
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.PaidOut);
        (await bank.Operations.ListAsync(null, 10, default)).Items.ShouldBeEmpty();
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_payout_whose_messages_are_lost_goes_back_to_suspense_at_its_deadline()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (id, _, _) = await bank.SuspendAsync();
        var other = await bank.AccountAsync(1);
        (await bank.Operations.PayOutAsync(id, other, default)).ShouldBeNull();
        var late = bank.Pump.Hold(0);
        _time.Advance(TimeSpan.FromMinutes(6));
        await bank.Timers.FireDueAsync(0, default);
        await bank.Pump.RunAsync();
        await bank.Pump.DeliverAsync(await late);
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Suspended);
        (await bank.ReadAsync(other)).PostedMinor.ShouldBe(0);
        (await bank.HeldAsync(AccountKind.Suspense, 0)).ShouldBe(250);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task Only_a_suspended_saga_has_something_to_pay_out()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var id = await bank.StartAsync(from, to, 250);
        (await bank.Operations.PayOutAsync(id, null, default))!.Reason.ShouldBe(RefusalReason.NothingOnSuspense);
        // Even where the command reaches the shard.
        var payout = new PayOut(id, bank.Ledger.Ids.Next(), from, from, Bank.Eur);
        (await bank.Ledger.SubmitAsync(0, payout)).Refusal!.Reason.ShouldBe(RefusalReason.NothingOnSuspense);
        await bank.Pump.RunAsync();
        (await bank.Operations.PayOutAsync(id, null, default))!.Detail.ShouldBe(
            $"Saga {id} is completed: it has nothing on suspense.");
    }

    [Fact]
    public async Task Health_names_what_is_on_suspense_parked_or_set_aside()
    {
        await using var bank = await Bank.OpenAsync(2, _time);
        await using var watch = new SagaWatch(bank.Ledger, _time, NullLogger<SagaWatch>.Instance);
        for (var shard = 0; shard < 2; shard++) await watch.LookAsync(shard, default);
        watch.Waiting.ShouldAllBe(waiting => waiting.Sentence == null);
        await bank.SuspendAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        await bank.StartAsync(from, to, 5);
        bank.Tamper(0, "UPDATE aggregates SET state = 'parked', wake_us = NULL WHERE state = 'running'").ShouldBe(1);
        await watch.LookAsync(0, default);
        watch.Waiting[0].Suspense["EUR"].ShouldBe((1, 250));
        watch
            .Waiting[0]
            .Sentence.ShouldBe(
                "2.50 EUR on suspense, sagas: 1 (tideline sagas list --state suspended); "
                    + "parked sagas: 1 (tideline sagas list --state parked).");
        watch.Waiting[1].Sentence.ShouldBeNull();
    }
}
