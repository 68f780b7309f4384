using Tideline.Ledger;
using Tideline.Sagas;
using Tideline.Sagas.Transactions;
using Tideline.Services.Payments;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Sagas.Transactions;

/// <summary>Short words for transactions that are under way.</summary>
internal static class TransactionStage
{
    public static TransactionOrder Order(params (Guid Account, long Minor)[] legs) => new()
    {
        Legs = [.. legs.Select(leg => new TransactionLeg(leg.Account, leg.Minor, "EUR"))],
        Reference = "Split",
    };

    /// <summary>Begins a transaction and leaves its messages where they are.</summary>
    public static async Task<Reply> PostAsync(this Bank bank, TransactionOrder order) => await bank.Ledger.ExecuteAsync(
        new PostTransaction(bank.Ledger.NextIdBeside(order.Legs[0].AccountId), order)
        {
            Key = bank.Ledger.Ids.Next(), Fingerprint = bank.Ledger.Ids.Next(),
        },
        default);

    public static async Task<SagaRow> TransactionAsync(this Bank bank, Guid id) =>
        (await bank.Ledger.ReaderOf(id).GetSagaAsync(id, default)).ShouldNotBeNull();

    public static async Task<long[]> BalancesAsync(this Bank bank, params Guid[] accounts)
    {
        var balances = new List<long>();
        foreach (var account in accounts) balances.Add((await bank.ReadAsync(account)).PostedMinor);
        return [.. balances];
    }

    /// <summary>Carries what a shard has sent so far, and no answer.</summary>
    public static async Task CarryAsync(this Bank bank, int shard) =>
        await bank.Pump.DeliverAsync(await bank.Pump.Hold(shard));

    /// <summary>Nothing is reserved, all adds up, and verify has nothing to say.</summary>
    public static async Task ShouldRestAsync(this Bank bank, IEnumerable<Guid> accounts)
    {
        foreach (var id in accounts)
        {
            var account = await bank.ReadAsync(id);
            (account.PendingInMinor, account.PendingOutMinor).ShouldBe((0, 0));
            account.AvailableMinor.ShouldBeGreaterThanOrEqualTo(0);
        }

        await bank.ShouldAddUpAsync();
        (await bank.Letters.ListAsync(default, 10, default)).Items.ShouldBeEmpty();
        (await bank.VerifyAsync(deep: true)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
    }
}
