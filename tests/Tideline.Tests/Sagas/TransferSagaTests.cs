using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas;

public sealed class TransferSagaTests
{
    [Fact]
    public async Task Within_a_shard_a_transfer_is_one_commit_and_its_transaction_is_the_saga()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        var reply = await bank.Payments.TransferAsync(bank.Transfer(from, to, 250), default);
        reply.ShouldSatisfyAllConditions(
            r => r.Status.ShouldBe(TransferStatus.Settled), r => r.BalanceMinor.ShouldBe(750));
        var events = await bank.Ledger.Reader(0).GetEventsAsync(reply.Positions[0].Seq - 2, 10, default);
        events.Select(e => e.Type).ShouldBe([EventType.AccountDebited, EventType.AccountCredited]);
        var details = await bank.Payments.GetTransferAsync(reply.TransferId, default);
        details!.Steps.Select(step => (step.Name, step.State))
            .ShouldBe([("debit-source", "done"), ("credit-destination", "done"), ("update-customer-view", "waiting")]);
        (details.From, details.To, details.Amount, details.Reference)
            .ShouldBe((from, to, new Money(250, Bank.Eur), "rent"));
    }

    [Fact]
    public async Task A_transfer_within_a_shard_has_no_row_and_is_shown_to_operators_with_its_steps()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        var id = (await bank.Payments.TransferAsync(bank.Transfer(from, to, 250), default)).TransferId;
        (await bank.Ledger.Reader(0).GetAggregateAsync(id, default)).ShouldBeNull();
        (await bank.Operations.ListAsync(SagaState.Completed, 10, default)).Items.ShouldBeEmpty();
        var (saga, history) = (await bank.Operations.ShowAsync(id, default)).ShouldNotBeNull();
        (saga.SagaId, saga.Definition, saga.Version, saga.State, saga.Step, saga.Shard, saga.Amount)
            .ShouldBe((id, "transfer", 1, SagaState.Completed, "update-customer-view", 0, new Money(250, Bank.Eur)));
        (saga.CreatedAt, saga.UpdatedAt).ShouldBe((Clock.FromUs(history[0].AtUs), Clock.FromUs(history[1].AtUs)));
        history.Select(line => (line.Step, line.State, line.Attempts))
            .ShouldBe([("debit-source", "done", 1), ("credit-destination", "done", 1)]);
        (await bank.Operations.RetryAsync(id, default))!.Reason.ShouldBe(RefusalReason.SagaNotParked);
        (await bank.Operations.CompensateAsync(id, default))!.Reason.ShouldBe(RefusalReason.SagaNotParked);
        (await bank.Operations.PayOutAsync(id, null, default))!.Reason.ShouldBe(RefusalReason.NothingOnSuspense);
    }

    [Fact]
    public async Task A_transaction_that_is_a_step_or_no_transfer_is_no_saga_by_itself()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var deposit = (await bank.DepositAsync(from, 5)).Subject;
        (await bank.Operations.ShowAsync(deposit, default)).ShouldBeNull();
        var id = await bank.StartAsync(from, to, 250);
        bank.Tamper(0, "DELETE FROM aggregates").ShouldBe(1);
        (await bank.Operations.ShowAsync(id, default)).ShouldBeNull();
        (await bank.Payments.GetTransferAsync(id, default)).ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Across_shards_a_transfer_settles_once_however_often_messages_come(int repeat)
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var transfer = bank.Payments.TransferAsync(bank.Transfer(from, to, 250), default);
        while (!transfer.IsCompleted) await bank.Pump.RunAsync(repeat);
        (await transfer).Status.ShouldBe(TransferStatus.Settled);
        (await transfer).Positions.Select(position => position.Shard).Order().ShouldBe([0, 1]);
        await bank.Pump.RunAsync(repeat);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(750);
        (await bank.ReadAsync(to)).PostedMinor.ShouldBe(250);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task Money_between_the_steps_stands_on_clearing()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        await StartAsync(bank, from, to, 250);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(750);
        (await bank.Ledger.Reader(0).GetAccountAsync(
            bank.Ledger.SystemAccounts.Id(AccountKind.Clearing, Bank.Eur, 0), default))!.PostedMinor.ShouldBe(250);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_saga_is_shown_and_listed_while_another_shard_is_away()
    {
        FaultyStore faults = null!;
        await using var bank = await Bank.OpenAsync(wrap: store => faults = new FaultyStore(store));
        var (from, to) = (await bank.AccountAsync(1, 1_000), await bank.AccountAsync(0));
        var id = await StartAsync(bank, from, to, 250);
        faults.BeforeRead = (shard, _) => shard == 1
            ? null
            : throw new TidelineException(ErrorCode.StorageUnavailable, "The server of shard 0 is away.");
        (await bank.Operations.ShowAsync(id, default)).ShouldNotBeNull().Summary.Shard.ShouldBe(1);
        var (listed, leftOut) = await bank.Operations.ListAsync(null, 10, default);
        listed.ShouldHaveSingleItem().SagaId.ShouldBe(id);
        leftOut.ShouldBe("Shard 0 is left out: The server of shard 0 is away.");
        (await bank.Letters.ListAsync(default, 10, default)).LeftOut.ShouldBe(leftOut);
    }

    [Fact]
    public async Task A_refused_credit_gives_the_money_back()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var id = await StartAsync(bank, from, to, 250);
        await StatusAsync(bank, to, AccountStatus.Frozen);
        await bank.Pump.RunAsync(2);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(1_000);
        var details = (await bank.Payments.GetTransferAsync(id, default))!;
        details.Status.ShouldBe(TransferStatus.Refused);
        details.Refusal!.Reason.ShouldBe(RefusalReason.AccountFrozen);
        details.Steps.Select(step => (step.Name, step.State))
            .ShouldBe([("debit-source", "done"), ("credit-destination", "refused"), ("debit-source", "undone")]);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task An_unknown_destination_is_refused_before_anything_moves()
    {
        await using var bank = await Bank.OpenAsync();
        var from = await bank.AccountAsync(0, 1_000);
        var reply = await bank.Payments.TransferAsync(
            bank.Transfer(from, bank.Ledger.Map.NextOn(1, bank.Ledger.Ids), 250), default);
        reply.Refusal!.Reason.ShouldBe(RefusalReason.AccountNotFound);
        (await bank.ReadAsync(from)).EntryVersion.ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_comes_after_its_saga_was_parked_ends_it()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 250), await bank.AccountAsync(1));
        var id = await StartAsync(bank, from, to, 250);
        bank.Tamper(0, "UPDATE aggregates SET state = 'parked', wake_us = NULL WHERE state = 'running'").ShouldBe(1);
        await bank.Pump.RunAsync();
        (await bank.SagaAsync(id)).State.ShouldBe(SagaState.Completed);
        (await bank.ReadAsync(to)).PostedMinor.ShouldBe(250);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_lost_message_is_sent_again_when_its_timer_is_due()
    {
        var time = new FakeTimeProvider(
            DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        await using var bank = await Bank.OpenAsync(2, time);
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var id = await StartAsync(bank, from, to, 250);
        bank.Pump.Lose(0);
        time.Advance(TimeSpan.FromSeconds(5));
        (await bank.Timers.FireDueAsync(0, default)).ShouldBe(1);
        await bank.Pump.RunAsync();
        (await bank.Payments.GetTransferAsync(id, default))!.Status.ShouldBe(TransferStatus.Settled);
    }

    [Fact]
    public async Task A_passed_deadline_undoes_and_a_late_credit_is_refused()
    {
        var time = new FakeTimeProvider(
            DateTimeOffset.Parse("2026-03-01T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        await using var bank = await Bank.OpenAsync(2, time);
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var id = await StartAsync(bank, from, to, 250);
        var late = bank.Pump.Hold(0);
        time.Advance(TimeSpan.FromMinutes(6));
        await bank.Timers.FireDueAsync(0, default);
        await bank.Pump.RunAsync();
        await bank.Pump.DeliverAsync(await late);
        await bank.Pump.RunAsync();
        var details = (await bank.Payments.GetTransferAsync(id, default))!;
        details.Refusal!.Reason.ShouldBe(RefusalReason.DeadlinePassed);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(1_000);
        (await bank.ReadAsync(to)).PostedMinor.ShouldBe(0);
        await bank.ShouldAddUpAsync();
    }

    [Fact]
    public async Task A_repeated_key_of_a_saga_answers_as_the_first()
    {
        await using var bank = await Bank.OpenAsync();
        var (from, to) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1));
        var request = bank.Transfer(from, to, 250);
        var first = bank.Payments.TransferAsync(request, default);
        while (!first.IsCompleted) await bank.Pump.RunAsync();
        (await bank.Payments.TransferAsync(request, default)).ShouldBeEquivalentTo(await first);
        (await bank.ReadAsync(from)).PostedMinor.ShouldBe(750);
    }

    private static async Task<Guid> StartAsync(Bank bank, Guid from, Guid to, long minor)
    {
        var start = new StartTransfer(bank.Ledger.NextIdBeside(from), from, to, new Money(minor, Bank.Eur), null);
        var reply = await bank.Ledger.ExecuteAsync(start, default);
        reply.Refusal.ShouldBeNull();
        reply.Kind.ShouldBe(OutcomeKind.Saga);
        return reply.Subject;
    }

    private static async Task StatusAsync(Bank bank, Guid account, AccountStatus status) =>
        (await bank.Ledger.ExecuteAsync(new SetAccountStatus(account, status), default)).Refusal.ShouldBeNull();
}
