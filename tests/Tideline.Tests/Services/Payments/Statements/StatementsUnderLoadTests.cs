using Tideline.Kernel;
using Tideline.Services.Payments.Statements;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Services.Payments.Statements;

/// <summary>
/// What is read of a period, or of a moment, while money moves: it never changes afterwards, and periods tile.
/// </summary>
public sealed class StatementsUnderLoadTests
{
    private const int Writers = 4, DepositsEach = 250;
    private static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Consecutive_statements_hold_every_entry_once_and_say_the_same_when_asked_again(int shards)
    {
        await using var bank = await Bank.OpenAsync(shards);
        var account = await bank.AccountAsync(0);
        var statements = new AccountStatements(bank.Ledger);
        var load = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => DepositAsync(bank, account)));
        var taken = new List<Statement>();
        for (var isLast = false; !isLast;)
        {
            isLast = load.IsCompleted;
            var next = taken.Count == 0 ? Beginning : taken[^1].To;
            taken.Add((await statements.GetAsync(account, next, null, Cancel)).ShouldNotBeNull());
        }

        await load;
        taken.Sum(statement => statement.Entries).ShouldBe(Writers * DepositsEach);
        taken[0].OpeningMinor.ShouldBe(0);
        taken[^1].ClosingMinor.ShouldBe(Writers * DepositsEach);
        foreach (var (one, other) in taken.Zip(taken.Skip(1)))
            (other.OpeningMinor, other.FirstVersion).ShouldBe((one.ClosingMinor, one.LastVersion + 1));
        foreach (var statement in taken)
        {
            var again = (await statements.GetAsync(account, statement.From, statement.To, Cancel)).ShouldNotBeNull();
            (again with { CreatedAt = statement.CreatedAt }).ShouldBe(statement);
        }

        // Cut anywhere else, the periods tile too.
        var random = new Random(16);
        var (firstUs, lastUs) = (taken[0].To.ToUs(), taken[^1].To.ToUs());
        var places = Enumerable.Range(0, 100).Select(_ => firstUs + random.NextInt64(lastUs - firstUs));
        var cuts = places.Append(lastUs).Distinct().Order().ToList();
        var (from, closing, entries) = (Beginning, 0L, 0L);
        foreach (var cut in cuts)
        {
            var statement = (await statements.GetAsync(account, from, Clock.FromUs(cut), Cancel)).ShouldNotBeNull();
            statement.OpeningMinor.ShouldBe(closing);
            (from, closing, entries) = (statement.To, statement.ClosingMinor, entries + statement.Entries);
        }

        (closing, entries).ShouldBe((Writers * DepositsEach, Writers * DepositsEach));
    }

    [Fact]
    public async Task A_balance_at_a_time_that_was_asked_for_under_load_stays()
    {
        await using var bank = await Bank.OpenAsync(1);
        var account = await bank.AccountAsync(0);
        var load = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => DepositAsync(bank, account)));
        var asked = new Dictionary<long, long>();
        while (!load.IsCompleted)
        {
            var timeUs = bank.Ledger.NowUs(0);
            await bank.Ledger.FenceAsync(0, timeUs, Cancel);
            asked[timeUs] = await BalanceAsync(bank, account, timeUs);
        }

        await load;
        asked.ShouldNotBeEmpty();
        foreach (var (timeUs, balance) in asked) (await BalanceAsync(bank, account, timeUs)).ShouldBe(balance);
    }

    private static async Task DepositAsync(Bank bank, Guid account)
    {
        for (var deposit = 0; deposit < DepositsEach; deposit++)
            (await bank.DepositAsync(account, 1)).Refusal.ShouldBeNull();
    }

    private static async Task<long> BalanceAsync(Bank bank, Guid account, long timeUs) =>
        (await bank.Ledger.ReaderOf(account).GetEntryAtAsync(account, timeUs, Cancel))?.PostedAfterMinor ?? 0;
}
