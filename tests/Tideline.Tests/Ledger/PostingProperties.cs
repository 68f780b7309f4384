using CsCheck;
using Tideline.Ledger;

namespace Tideline.Tests.Ledger;

public sealed class PostingProperties
{
    private const int Accounts = 5;

    private static readonly Gen<(int Account, long Minor)[]> Transaction =
        Gen.Select(Gen.Int[0, Accounts - 1], Gen.Long[-300, 300]).Array[1, 8];

    [Fact]
    public async Task Random_legs_are_booked_as_an_independent_model_says()
    {
        await using var bank = await Bank.OpenAsync(1);
        await Transaction.Array[1, 30].SampleAsync(async transactions =>
        {
            var (accounts, model) = (new List<Guid>(), new long[Accounts]);
            for (var number = 0; number < Accounts; number++)
            {
                accounts.Add(await bank.AccountAsync(0, 200));
                model[number] = 200;
            }

            foreach (var drawn in transactions)
            {
                // Every other one is made to add up; the others are as they were drawn.
                (int Account, long Minor)[] legs = drawn.Length % 2 == 0
                    ? drawn
                    : [.. drawn, (drawn[0].Account, -drawn.Sum(leg => leg.Minor))];
                var reply = await bank.Ledger.SubmitAsync(0, new Book(
                    bank.Ledger.Ids.Next(),
                    [.. legs.Select(leg => new Leg(accounts[leg.Account], Bank.Eur, leg.Minor))]));
                var after = (long[])model.Clone();
                foreach (var (account, minor) in legs) after[account] += minor;
                var isGood = legs.Length >= 2 && legs.All(leg => leg.Minor != 0) && legs.Sum(leg => leg.Minor) == 0
                    && after.Index().All(each => each.Item >= Math.Min(0, model[each.Index]));
                (reply.Refusal is null).ShouldBe(isGood, reply.Refusal?.Detail);
                if (isGood) model = after;
            }

            for (var number = 0; number < Accounts; number++)
                (await bank.ReadAsync(accounts[number])).PostedMinor.ShouldBe(model[number]);
            await bank.ShouldAddUpAsync();
        }, iter: 20, threads: 1);
    }
}
