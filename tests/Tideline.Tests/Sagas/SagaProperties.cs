using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas;

/// <summary>
/// Whatever happens to accounts, messages and sagas on the way, in the end all money is where somebody can spend it.
/// </summary>
public sealed class SagaProperties
{
    private const int Accounts = 6;

    private static readonly Gen<(int Kind, int From, int To, int Minor)> Operation = Gen.Select(
        Gen.Int[0, 14], Gen.Int[0, Accounts - 1], Gen.Int[0, Accounts - 1], Gen.Int[1, 700]);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public Task However_transfers_operators_and_messages_interleave_every_saga_ends_and_no_money_is_left_on_the_way(
        int shards
    ) => Operation.Array[5, 60].SampleAsync(operations => RunAsync(shards, operations), iter: 15, threads: 1);

    private static async Task RunAsync(int shards, (int Kind, int From, int To, int Minor)[] operations)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var bank = await Bank.OpenAsync(shards, time);
        var accounts = new List<Guid>();
        for (var number = 0; number < Accounts; number++)
            accounts.Add(await bank.AccountAsync(number % shards, 1_000));
        var held = new List<MessageRow>();
        foreach (var operation in operations)
        {
            await ActAsync(bank, time, accounts, held, operation);
            // No batch shares its time with another, as with a clock that runs.
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await EndAsync(bank, time, held);
        await PayOutAllAsync(bank, await bank.AccountAsync(shards - 1));
        await ShouldBeQuietAsync(bank, accounts);
    }

    private static async Task ActAsync(
        Bank bank, FakeTimeProvider time, List<Guid> accounts, List<MessageRow> held,
        (int Kind, int From, int To, int Minor) operation)
    {
        var (from, to, shard) = (
            accounts[operation.From], accounts[operation.To], operation.From % bank.Ledger.Map.Shards);
        switch (operation.Kind)
        {
            case <= 3:
                var start = new Tideline.Services.Payments.StartTransfer(
                    bank.Ledger.NextIdBeside(from), from, to, new Money(operation.Minor, Bank.Eur), null);
                await bank.Ledger.ExecuteAsync(start, default);
                break;
            case 4:
                await bank.SetStatusAsync(from, AccountStatus.Frozen);
                break;
            case 5:
                await bank.SetStatusAsync(from, AccountStatus.Open);
                break;
            case 6:
                var balance = (await bank.ReadAsync(from)).PostedMinor;
                if (balance > 0)
                    await bank.Ledger.ExecuteAsync(
                        new Withdraw(bank.Ledger.Ids.Next(), from, new Money(balance, Bank.Eur), null), default);
                await bank.SetStatusAsync(from, AccountStatus.Closed);
                break;
            case 7:
                // What no command may do: a refund finds its account closed.
                bank.Tamper(shard, $"UPDATE accounts SET status = 2 WHERE account_id = X'{from:N}' AND returnable > 0");
                break;
            case 8:
                await bank.Pump.StepAsync(1 + operation.To % 3);
                break;
            case 9:
                bank.Pump.Lose(shard);
                break;
            case 10:
                held.AddRange(await bank.Pump.Hold(shard));
                break;
            case 11:
                held.Reverse();
                await bank.Pump.DeliverAsync(held);
                if (operation.To > 2)
                    held.Clear();
                break;
            case 12:
                time.Advance(TimeSpan.FromSeconds(operation.Minor));
                for (var each = 0; each < bank.Ledger.Map.Shards; each++)
                    await bank.Timers.FireDueAsync(each, default);
                break;
            case 13:
                bank.Tamper(shard, "UPDATE aggregates SET state = 'parked', wake_us = NULL WHERE state = 'running'");
                foreach (var saga in (await bank.Operations.ListAsync(SagaState.Parked, 100, default)).Items)
                {
                    if (operation.To % 2 == 0)
                        await bank.Operations.RetryAsync(saga.SagaId, default);
                    else
                        await bank.Operations.CompensateAsync(saga.SagaId, default);
                }

                break;
            default:
                foreach (var saga in (await bank.Operations.ListAsync(SagaState.Suspended, 2, default)).Items)
                    await bank.Operations.PayOutAsync(saga.SagaId, to, default);
                break;
        }
    }

    // Time and messages alone end every saga that nobody holds up; for those that were parked an operator is needed.
    private static async Task EndAsync(Bank bank, FakeTimeProvider time, List<MessageRow> held)
    {
        await bank.Pump.DeliverAsync(held);
        for (var round = 0; round < 50; round++)
        {
            await bank.Pump.RunAsync();
            if ((await bank.Operations.ListAsync(null, 10, default)).Items.Count == 0)
                return;
            foreach (var saga in (await bank.Operations.ListAsync(SagaState.Parked, 100, default)).Items)
                (await bank.Operations.RetryAsync(saga.SagaId, default)).ShouldBeNull();
            time.Advance(TimeSpan.FromMinutes(2));
            for (var shard = 0; shard < bank.Ledger.Map.Shards; shard++)
                await bank.Timers.FireDueAsync(shard, default);
        }

        (await bank.Operations.ListAsync(null, 10, default)).Items.ShouldBeEmpty();
    }

    private static async Task PayOutAllAsync(Bank bank, Guid spare)
    {
        foreach (var saga in (await bank.Operations.ListAsync(SagaState.Suspended, 1_000, default)).Items)
            (await bank.Operations.PayOutAsync(saga.SagaId, spare, default)).ShouldBeNull();
        await bank.Pump.RunAsync(2);
        (await bank.Operations.ListAsync(null, 10, default)).Items.ShouldBeEmpty();
        (await bank.Operations.ListAsync(SagaState.Suspended, 10, default)).Items.ShouldBeEmpty();
    }

    private static async Task ShouldBeQuietAsync(Bank bank, List<Guid> accounts)
    {
        await bank.ShouldAddUpAsync(areRowsEdited: true);
        foreach (var id in accounts)
        {
            var account = await bank.ReadAsync(id);
            account.AvailableMinor.ShouldBeGreaterThanOrEqualTo(0);
            account.ReturnableMinor.ShouldBe(0);
        }

        for (var owner = 0; owner < bank.Ledger.Map.Shards; owner++)
        {
            (await bank.HeldAsync(AccountKind.Suspense, owner)).ShouldBe(0);
            var clearing = 0L;
            for (var shard = 0; shard < bank.Ledger.Map.Shards; shard++)
                clearing += (
                    await bank
                        .Ledger.Reader(shard)
                        .GetAccountAsync(bank.Ledger.SystemAccounts.ClearingId(Bank.Eur, shard, owner), default)
                )?.PostedMinor
                    ?? 0;
            clearing.ShouldBe(0);
        }

        (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldBeEmpty();
        // But for the accounts that were closed behind the program's back.
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok)
            .SelectMany(check => check.Detail.Split('\n'))
            .Where(finding => !finding.Contains("its row has status closed", StringComparison.Ordinal))
            .ShouldBeEmpty();
    }
}
