using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas.Transactions;

public sealed class TransactionSagaTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Legs_on_three_shards_are_reserved_and_then_booked_however_often_messages_come(int repeat)
    {
        await using var bank = await Bank.OpenAsync(3);
        var (a, b) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1, 500));
        var (c, d) = (await bank.AccountAsync(2), await bank.AccountAsync(2));
        var order = TransactionStage.Order((a, -600), (b, -100), (c, 400), (d, 300), (c, -50), (a, 50));
        var transactions = new Tideline.Services.Payments.Transactions(
            bank.Ledger, new SagaWaiters(bank.Ledger), bank.Time);
        var key = bank.Ledger.Ids.Next();
        var posting = transactions.PostAsync(new TransactionRequested(order, key, key), default);
        while (!posting.IsCompleted) await bank.Pump.RunAsync(repeat);
        var result = await posting;
        result.Status.ShouldBe(TransferStatus.Settled);
        result.Positions.Select(position => position.Shard).Order().ShouldBe([0, 1, 2]);
        await bank.Pump.RunAsync(repeat);
        (await bank.BalancesAsync(a, b, c, d)).ShouldBe([450, 400, 350, 300]);
        await bank.ShouldRestAsync([a, b, c, d]);
        (await transactions.PostAsync(new TransactionRequested(order, key, key), default)).TransactionId
            .ShouldBe(result.TransactionId);
        var (saga, history) = (await bank.Operations.ShowAsync(result.TransactionId, default))!.Value;
        (saga.Definition, saga.State).ShouldBe(("transaction", SagaState.Completed));
        history.Select(line => (line.Step, line.State)).ShouldBe([("reserve", "done"), ("post", "done")]);
    }

    [Fact]
    public async Task On_one_shard_it_is_one_commit_without_a_saga()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (a, b) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(0));
        var reply = await bank.PostAsync(TransactionStage.Order((a, -600), (b, 500), (b, 100)));
        (reply.Refusal, reply.Kind).ShouldBe((null, OutcomeKind.Done));
        (await bank.Ledger.Reader(0).GetSagaAsync(reply.Subject, default)).ShouldBeNull();
        (await bank.BalancesAsync(a, b)).ShouldBe([400, 600]);
        await bank.ShouldRestAsync([a, b]);
    }

    [Fact]
    public async Task A_refusal_on_any_shard_releases_everything()
    {
        await using var bank = await Bank.OpenAsync(3);
        var (a, b, c) = (await bank.AccountAsync(0, 1_000), await bank.AccountAsync(1), await bank.AccountAsync(2));
        await bank.SetStatusAsync(c, AccountStatus.Frozen);
        var id = (await bank.PostAsync(TransactionStage.Order((a, -600), (b, 500), (c, 100)))).Subject;
        (await bank.ReadAsync(a)).AvailableMinor.ShouldBe(400);
        await bank.Pump.RunAsync();
        var saga = await bank.TransactionAsync(id);
        saga.State.ShouldBe(SagaState.Compensated);
        TransactionSaga.Read(saga).RefusalReason.ShouldBe(RefusalReason.AccountFrozen);
        (await bank.BalancesAsync(a, b, c)).ShouldBe([1_000, 0, 0]);
        await bank.ShouldRestAsync([a, b, c]);
    }

    [Fact]
    public async Task A_refusal_on_the_first_shard_makes_no_saga()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (a, b) = (await bank.AccountAsync(0, 100), await bank.AccountAsync(1));
        var head = bank.Ledger.CommittedHead(0).EventSeq;
        var reply = await bank.PostAsync(TransactionStage.Order((a, -600), (b, 600)));
        reply.Refusal!.Reason.ShouldBe(RefusalReason.InsufficientFunds);
        (await bank.Ledger.Reader(0).GetAggregateAsync(reply.Subject, default)).ShouldBeNull();
        bank.Ledger.CommittedHead(0).EventSeq.ShouldBe(head);
        await bank.ShouldRestAsync([a, b]);
    }

    [Fact]
    public async Task What_is_reserved_can_be_booked_whatever_happens_to_the_accounts()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (a, b, same) = (await bank.AccountAsync(0, 600), await bank.AccountAsync(1), await bank.AccountAsync(1, 5));
        var id = (await bank.PostAsync(TransactionStage.Order((a, -600), (b, 600), (same, -5), (same, 5)))).Subject;
        await bank.CarryAsync(0);

        // Reserved on both shards, and nothing is booked yet.
        (await bank.BalancesAsync(a, b)).ShouldBe([600, 0]);
        (await bank.ReadAsync(b)).PendingInMinor.ShouldBe(600);
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        (await bank.SetStatusAsync(b, AccountStatus.Closed))!.Reason.ShouldBe(RefusalReason.TransfersUnderWay);
        var spend = new Withdraw(bank.Ledger.Ids.Next(), a, new Money(1, Bank.Eur), null);
        (await bank.Ledger.ExecuteAsync(spend, default)).Refusal!.Reason.ShouldBe(RefusalReason.InsufficientFunds);
        foreach (var account in (Guid[])[a, b, same]) await bank.SetStatusAsync(account, AccountStatus.Frozen);
        await bank.Pump.RunAsync();
        (await bank.TransactionAsync(id)).State.ShouldBe(SagaState.Completed);
        (await bank.BalancesAsync(a, b, same)).ShouldBe([0, 600, 5]);
        await bank.ShouldRestAsync([a, b, same]);
    }

    [Fact]
    public async Task An_announced_credit_counts_to_the_limit_of_a_balance()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (a, b) = (await bank.AccountAsync(0, 600), await bank.AccountAsync(1));
        bank.Tamper(
            1, $"UPDATE accounts SET pending_in = {LedgerLimits.BalanceMinor - 500} WHERE account_id = X'{b:N}'");
        var id = (await bank.PostAsync(TransactionStage.Order((a, -600), (b, 600)))).Subject;
        await bank.Pump.RunAsync();
        TransactionSaga.Read(await bank.TransactionAsync(id)).RefusalReason.ShouldBe(RefusalReason.BalanceOverflow);
    }

    [Fact]
    public async Task Conditions_are_judged_when_reserving_on_shards_with_and_without_legs()
    {
        await using var bank = await Bank.OpenAsync(3);
        var (a, b, c) = (await bank.AccountAsync(0, 600), await bank.AccountAsync(1), await bank.AccountAsync(2, 100));
        var version = (await bank.ReadAsync(c)).Version;
        var order = TransactionStage.Order((a, -600), (b, 600));
        var failing = order with { Conditions = [new TransactionCondition(c, 101, null)] };
        var id = (await bank.PostAsync(failing)).Subject;
        await bank.Pump.RunAsync();
        TransactionSaga.Read(await bank.TransactionAsync(id)).RefusalReason.ShouldBe(RefusalReason.ConditionFailed);
        var stale = order with { Conditions = [new TransactionCondition(a, null, 77)] };
        (await bank.PostAsync(stale)).Refusal!.Reason.ShouldBe(RefusalReason.ConditionFailed);
        var holding = order with { Conditions = [new TransactionCondition(c, 100, version)] };
        id = (await bank.PostAsync(holding)).Subject;
        await bank.Pump.RunAsync();
        (await bank.TransactionAsync(id)).State.ShouldBe(SagaState.Completed);
        (await bank.BalancesAsync(a, b, c)).ShouldBe([0, 600, 100]);
        await bank.ShouldRestAsync([a, b, c]);
    }

    [Fact]
    public async Task A_deadline_ends_it_before_the_pivot_and_a_late_request_reserves_nothing()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var bank = await Bank.OpenAsync(2, time);
        var (a, b) = (await bank.AccountAsync(0, 600), await bank.AccountAsync(1));
        var id = (await bank.PostAsync(TransactionStage.Order((a, -600), (b, 600)))).Subject;
        var late = await bank.Pump.Hold(0);
        time.Advance(TimeSpan.FromMinutes(6));
        await bank.Timers.FireDueAsync(0, default);
        await bank.Pump.RunAsync();
        (await bank.TransactionAsync(id)).State.ShouldBe(SagaState.Compensated);
        await bank.Pump.DeliverAsync(late);
        await bank.Pump.RunAsync();
        (await bank.BalancesAsync(a, b)).ShouldBe([600, 0]);
        await bank.ShouldRestAsync([a, b]);
    }

    [Fact]
    public async Task After_the_pivot_no_deadline_ends_it_and_an_operator_can_only_retry()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var bank = await Bank.OpenAsync(2, time);
        var (a, b) = (await bank.AccountAsync(0, 600), await bank.AccountAsync(1));
        var id = (await bank.PostAsync(TransactionStage.Order((a, -600), (b, 600)))).Subject;
        await bank.CarryAsync(0);
        await bank.CarryAsync(1);
        for (var round = 0; round < RetryPolicy.Default.MaxAttempts + 1; round++)
        {
            bank.Pump.Lose(0);
            time.Advance(TimeSpan.FromMinutes(6));
            await bank.Timers.FireDueAsync(0, default);
        }

        (await bank.TransactionAsync(id)).State.ShouldBe(SagaState.Parked);
        (await bank.BalancesAsync(a, b)).ShouldBe([0, 0]);
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
        (await bank.Operations.CompensateAsync(id, default))!.Reason.ShouldBe(RefusalReason.SagaNotParked);
        (await bank.Operations.RetryAsync(id, default)).ShouldBeNull();
        await bank.Pump.RunAsync();
        (await bank.TransactionAsync(id)).State.ShouldBe(SagaState.Completed);
        (await bank.BalancesAsync(a, b)).ShouldBe([0, 600]);
        await bank.ShouldRestAsync([a, b]);
    }

    [Fact]
    public async Task Verify_finds_a_reservation_that_was_left_and_a_part_that_is_missing()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (a, b) = (await bank.AccountAsync(0, 600), await bank.AccountAsync(1));
        var id = (await bank.PostAsync(TransactionStage.Order((a, -600), (b, 600)))).Subject;
        await bank.CarryAsync(0);
        bank.Tamper(0, $"UPDATE aggregates SET state = 'completed', at_rest = 1 WHERE aggregate_id = X'{id:N}'")
            .ShouldBe(1);
        (await FindingsAsync(bank)).ShouldContain("has reserved a part of transaction");
        bank.Tamper(0, $"UPDATE aggregates SET state = 'running', at_rest = 0 WHERE aggregate_id = X'{id:N}'")
            .ShouldBe(1);
        await bank.Pump.RunAsync();
        await bank.ShouldRestAsync([a, b]);
        bank.Tamper(1, $"DELETE FROM transactions WHERE transaction_id = X'{id:N}'").ShouldBe(1);
        (await FindingsAsync(bank)).ShouldContain(
            $"Saga {id} on shard 0 is completed, but its part on shard 1 is missing");
    }

    [Fact]
    public async Task A_message_that_says_another_part_than_before_is_set_aside()
    {
        await using var bank = await Bank.OpenAsync(2);
        var (a, b) = (await bank.AccountAsync(0, 600), await bank.AccountAsync(1));
        await bank.PostAsync(TransactionStage.Order((a, -600), (b, 600)));
        var message = (await bank.Pump.Hold(0)).Single();
        await bank.Pump.DeliverAsync([message]);
        var request = SagaJson.Read(message.Data, SagaJson.Default.TransactionRequest);
        foreach (var wrong in (TransactionRequest[])
        [
            request with { Part = request.Part with { Legs = [new TransactionLeg(b, 700, "EUR")] } },
            request with { Part = request.Part with { Legs = [new TransactionLeg(a, 600, "EUR")] } },
            request with { Owner = 1 },
            request with { Part = request.Part with { Legs = [] } },
        ])
        {
            var data = JsonSerializer.SerializeToUtf8Bytes(wrong, SagaJson.Default.TransactionRequest);
            await bank.Pump.DeliverAsync([message with { Data = data }]);
        }

        (await bank.Letters.ListAsync(default, 10, default)).Items.Count.ShouldBe(4);
        await bank.Pump.RunAsync();
        (await bank.BalancesAsync(a, b)).ShouldBe([0, 600]);
    }

    private static async Task<string> FindingsAsync(Bank bank) => string.Join(
        '\n', (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).Select(check => check.Detail));
}
