using CsCheck;
using Tideline.Kernel;
using Tideline.Services.Accounts;

namespace Tideline.Tests.Ledger;

public sealed class LedgerProperties
{
    private static readonly Gen<(int Kind, int From, int To, long Minor)> Operation =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 5],
            Gen.Int[0, 5], Gen.OneOf(Gen.Long[1, 500], Gen.Long[-2, 0], Gen.Const(Limits.AmountMinor + 1)));

    [Fact]
    public async Task Money_is_conserved_and_balances_are_the_fold_of_entries()
    {
        await using var bank = await Bank.OpenAsync();
        await Operation.Array[1, 120].SampleAsync(async operations =>
        {
            var accounts = new List<Guid>();
            for (var number = 0; number < 6; number++)
                accounts.Add(await bank.AccountAsync(number % 2, 1_000, number == 5 ? 300 : 0));
            var holds = new List<(Guid Hold, Guid Account)>();
            await Task.WhenAll(operations.Select(operation => RunAsync(bank, accounts, holds, operation)));
            await bank.Pump.RunAsync();
            await bank.ShouldAddUpAsync();
            foreach (var account in accounts)
                (await bank.ReadAsync(account)).AvailableMinor.ShouldBeGreaterThanOrEqualTo(0);
        }, iter: 12);
    }

    private static async Task RunAsync(Bank bank, List<Guid> accounts, List<(Guid Hold, Guid Account)> holds, (int Kind,
        int From, int To, long Minor) operation)
    {
        var (account, other) = (accounts[operation.From], accounts[operation.To]);
        var amount = new Money(operation.Minor, Bank.Eur);
        switch (operation.Kind)
        {
            case 0:
                await bank.Ledger.ExecuteAsync(new Deposit(bank.Ledger.Ids.Next(), account, amount, null), default);
                break;
            case 1:
                await bank.Ledger.ExecuteAsync(new Withdraw(bank.Ledger.Ids.Next(), account, amount, null), default);
                break;
            case 2:
                var reply = await bank.Ledger.ExecuteAsync(new PlaceHold(
                    bank.Ledger.Ids.Next(), account, amount, bank.Time.NowUs() + 60_000_000, null), default);
                lock (holds) holds.Add((reply.Subject, account));
                break;
            case 3:
                (Guid Hold, Guid Account) hold;
                lock (holds) hold = holds.Count > 0 ? holds[^1] : default;
                if (hold != default) await bank.Ledger.ExecuteAsync(new CaptureHold(bank.Ledger.Ids.Next(),
                    hold.Hold, hold.Account, Bank.Eur, operation.Minor, operation.To % 2 == 0), default);
                break;
            default:
                var id = bank.Ledger.NextIdBeside(account);
                var transfer = new Tideline.Services.Payments.StartTransfer(id, account, other, amount, null);
                await bank.Ledger.ExecuteAsync(transfer, default);
                break;
        }
    }
}
