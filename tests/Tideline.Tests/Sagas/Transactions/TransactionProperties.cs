using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas.Transactions;

/// <summary>
/// Whatever happens to accounts, messages and processes on the way, each transaction is booked whole or not at all.
/// </summary>
public sealed class TransactionProperties
{
    private const int Accounts = 6;

    private static readonly Gen<(int Kind, int Number, (int Account, int Minor)[] Legs)> Operation = Gen.Select(
        Gen.Int[0, 13], Gen.Int[0, 700], Gen.Select(Gen.Int[0, Accounts - 1], Gen.Int[-300, 300]).Array[1, 5]);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public Task Every_transaction_ends_and_the_balances_are_those_of_the_ones_that_were_booked(int shards) =>
        Operation.Array[5, 50].SampleAsync(operations => RunAsync(shards, operations), iter: 15, threads: 1);

    private static async Task RunAsync(int shards, (int Kind, int Number, (int Account, int Minor)[] Legs)[] operations)
    {
        var (time, folder) = (new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56)), Bank.NewFolder());
        var bank = await Bank.OpenAsync(shards, time, folder);
        var (accounts, orders, held) = (
            new List<Guid>(), new Dictionary<Guid, TransactionOrder>(), new List<MessageRow>());
        for (var number = 0; number < Accounts; number++) accounts.Add(await bank.AccountAsync(number % shards, 400));
        var withdrawn = new Dictionary<Guid, long>();
        foreach (var (kind, number, legs) in operations)
        {
            var account = accounts[number % Accounts];
            switch (kind)
            {
                case <= 4:
                    await PostAsync(bank, accounts, orders, legs);
                    break;
                case 11:
                    // The process is killed; its messages are all carried again.
                    await bank.CloseAsync();
                    bank = await Bank.OpenAsync(shards, time, folder);
                    break;
                case 12:
                    withdrawn[account] = withdrawn.GetValueOrDefault(account) + await EmptyAsync(bank, account);
                    break;
                default:
                    await DisturbAsync(bank, time, account, held, kind, number);
                    break;
            }

            time.Advance(TimeSpan.FromMilliseconds(1));
            for (var shard = 0; shard < shards; shard++)
            {
                foreach (var (_, posted, _) in await bank.Ledger.Reader(shard).GetTotalsAsync(default))
                    posted.ShouldBe(0);
            }
        }

        await EndAsync(bank, time, held);
        await CompareAsync(bank, accounts, orders, withdrawn);
        await bank.ShouldRestAsync(accounts);
        await bank.DisposeAsync();
    }

    private static async Task PostAsync(
        Bank bank, List<Guid> accounts, Dictionary<Guid, TransactionOrder> orders, (int Account, int Minor)[] drawn)
    {
        var legs = drawn.Where(leg => leg.Minor != 0).Select(leg => (accounts[leg.Account], (long)leg.Minor)).ToList();
        var rest = -legs.Sum(leg => leg.Item2);
        if (rest != 0) legs.Add((accounts[(drawn[0].Account + drawn.Length) % Accounts], rest));
        if (legs.Count < 2) return;
        var order = TransactionStage.Order([.. legs]);
        var reply = await bank.PostAsync(order);
        if (reply.Refusal is null) orders.Add(reply.Subject, order);
    }

    private static async Task<long> EmptyAsync(Bank bank, Guid account)
    {
        var available = (await bank.ReadAsync(account)).AvailableMinor;
        var withdraw = new Withdraw(bank.Ledger.Ids.Next(), account, new Money(available, Bank.Eur), null);
        if (available == 0 || (await bank.Ledger.ExecuteAsync(withdraw, default)).Refusal is not null) return 0;
        await bank.SetStatusAsync(account, AccountStatus.Closed);
        return available;
    }

    private static async Task DisturbAsync(
        Bank bank, FakeTimeProvider time, Guid account, List<MessageRow> held, int kind, int number)
    {
        var shard = number % bank.Ledger.Map.Shards;
        switch (kind)
        {
            case 5:
                await bank.SetStatusAsync(account, AccountStatus.Frozen);
                break;
            case 6:
                await bank.SetStatusAsync(account, AccountStatus.Open);
                break;
            case 7:
                await bank.Pump.StepAsync(1 + number % 3);
                break;
            case 8:
                bank.Pump.Lose(shard);
                break;
            case 9:
                held.AddRange(await bank.Pump.Hold(shard));
                break;
            case 10:
                held.Reverse();
                await bank.Pump.DeliverAsync(held);
                if (number % 2 == 0) held.Clear();
                break;
            default:
                (await bank.VerifyAsync()).Checks.Where(check => !check.Ok).ShouldBeEmpty();
                time.Advance(TimeSpan.FromSeconds(number));
                for (var each = 0; each < bank.Ledger.Map.Shards; each++)
                    await bank.Timers.FireDueAsync(each, default);
                foreach (var saga in (await bank.Operations.ListAsync(SagaState.Parked, 100, default)).Items)
                    await bank.Operations.CompensateAsync(saga.SagaId, default);
                break;
        }
    }

    private static async Task EndAsync(Bank bank, FakeTimeProvider time, List<MessageRow> held)
    {
        await bank.Pump.DeliverAsync(held);
        for (var round = 0; round < 50; round++)
        {
            await bank.Pump.RunAsync();
            if ((await bank.Operations.ListAsync(null, 10, default)).Items.Count == 0) break;
            foreach (var saga in (await bank.Operations.ListAsync(SagaState.Parked, 100, default)).Items)
                (await bank.Operations.RetryAsync(saga.SagaId, default)).ShouldBeNull();
            time.Advance(TimeSpan.FromMinutes(2));
            for (var shard = 0; shard < bank.Ledger.Map.Shards; shard++)
                await bank.Timers.FireDueAsync(shard, default);
        }

        (await bank.Operations.ListAsync(null, 10, default)).Items.ShouldBeEmpty();
    }

    // The model: what was there, less what was withdrawn, and the legs of what was booked, each whole.
    private static async Task CompareAsync(
        Bank bank, List<Guid> accounts, Dictionary<Guid, TransactionOrder> orders, Dictionary<Guid, long> withdrawn)
    {
        var model = accounts.ToDictionary(account => account, account => 400 - withdrawn.GetValueOrDefault(account));
        foreach (var (id, order) in orders)
        {
            var saga = await bank.Ledger.ReaderOf(id).GetSagaAsync(id, default);
            (saga?.State ?? SagaState.Completed).ShouldBeOneOf(SagaState.Completed, SagaState.Compensated);
            if (saga?.State == SagaState.Compensated) continue;
            foreach (var leg in order.Legs) model[leg.AccountId] += leg.AmountMinor;
        }

        foreach (var account in accounts) (await bank.ReadAsync(account)).PostedMinor.ShouldBe(model[account]);
    }
}
