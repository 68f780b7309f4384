using Tideline.Ledger;
using static Tideline.Engines.Tests.Ledger.LedgerSamples;

namespace Tideline.Engines.Tests.Ledger;

/// <summary>How every engine of the strong tier keeps and finds aggregates, whatever service they are of.</summary>
public abstract class AggregateContract : ShardStoreContract
{
    private static readonly AggregateFilter All = new("", []);

    [Fact]
    public async Task Due_aggregates_come_earliest_first_and_by_kind()
    {
        await CommitAsync(writes => writes.NewAggregates.AddRange(
            [Aggregate(Id(1), "open", 300), Aggregate(Id(2), "parked"),
                Aggregate(Id(3), "open", 100, kind: "card:1"), Aggregate(Id(4), "open", 301),
                Aggregate(Id(5), "paid", 200, atRest: true)]));
        (await DueAsync("", 10)).ShouldBe([Id(3), Id(5), Id(1)]);
        (await DueAsync("", 1)).ShouldBe([Id(3)]);
        (await DueAsync("loan:", 10)).ShouldBe([Id(5), Id(1)]);
        (await DueAsync("loan:", 1)).ShouldBe([Id(5)]);
    }

    [Fact]
    public async Task Aggregates_that_are_not_at_rest_are_listed_by_kind_and_state_in_the_order_of_ids()
    {
        await CommitAsync(writes => writes.NewAggregates.AddRange(
            [Aggregate(Id(5), "open"), Aggregate(Id(1), "paid", atRest: true), Aggregate(Id(2), "late"),
                Aggregate(Id(3), "open", kind: "card:1"), Aggregate(Id(4), "stolen", kind: "card:2")]));
        (await IdsAsync(All)).ShouldBe([Id(2), Id(3), Id(4), Id(5)]);
        (await IdsAsync(All, Id(3))).ShouldBe([Id(4), Id(5)]);
        (await IdsAsync(All, limit: 2)).ShouldBe([Id(2), Id(3)]);
        (await IdsAsync(new("", ["open"]))).ShouldBe([Id(3), Id(5)]);
        (await IdsAsync(new("", ["open"]), Id(3))).ShouldBe([Id(5)]);
        (await IdsAsync(new("", ["stolen", "open"]), limit: 2)).ShouldBe([Id(3), Id(4)]);
        (await IdsAsync(new("loan:", ["open"]))).ShouldBe([Id(5)]);
        (await IdsAsync(new("card:", []))).ShouldBe([Id(3), Id(4)]);
        (await IdsAsync(new("card:2", ["open"]))).ShouldBeEmpty();
        (await IdsAsync(new("", ["paid"]))).ShouldBeEmpty();
        (await Reader.GetAggregateKindsAsync(All, Cancel)).ShouldBe(["card:1", "card:2", "loan:2"]);
        (await Reader.GetAggregateKindsAsync(new("card:", ["stolen"]), Cancel)).ShouldBe(["card:2"]);
    }

    [Fact]
    public async Task Aggregates_at_rest_are_listed_by_a_walk()
    {
        await CommitAsync(writes => writes.NewAggregates.AddRange(
            [Aggregate(Id(4), "paid", atRest: true), Aggregate(Id(1), "paid", atRest: true, kind: "card:1"),
                Aggregate(Id(2), "written-off", atRest: true), Aggregate(Id(3), "open")]));
        (await IdsAsync(new("", [], AtRest: true))).ShouldBe([Id(1), Id(2), Id(4)]);
        (await IdsAsync(new("loan:", ["paid"], AtRest: true))).ShouldBe([Id(4)]);
        (await IdsAsync(new("", ["paid"], AtRest: true), Id(1))).ShouldBe([Id(4)]);
        await CommitAsync(writes => writes.ChangedAggregates.Add(Aggregate(Id(4), "open")));
        (await IdsAsync(new("", ["open"]))).ShouldBe([Id(3), Id(4)]);
        (await IdsAsync(new("", ["paid"], AtRest: true))).ShouldBe([Id(1)]);
    }

    [Fact]
    public async Task What_aggregates_have_of_accounts_is_held_against_them()
    {
        static AccountRow With(AccountRow account, long returnableMinor)
        {
            account.ReturnableMinor = returnableMinor;
            return account;
        }

        await CommitAsync(writes =>
        {
            writes.NewAccounts.AddRange([With(Account(Id(1), Id(9)), 7), With(Account(Id(2), Id(9)), 5),
                With(Account(Id(3), Id(9)), 1), Account(Id(4), Guid.Empty, kind: AccountKind.Suspense)]);
            writes.NewAggregates.AddRange(
            [
                Aggregate(Id(11), "open"), Aggregate(Id(12), "parked"), Aggregate(Id(13), "open"),
                Aggregate(Id(14), "paid", atRest: true), Aggregate(Id(15), "open"), Aggregate(Id(16), "late"),
                Aggregate(Id(17), "open", kind: "card:1"),
            ]);
        });
        var claims = new Dictionary<Guid, AggregateClaim?>
        {
            [Id(11)] = new(Id(1), 3), [Id(12)] = new(Id(1), 4), [Id(13)] = new(Id(4), 2), [Id(15)] = new(Id(5), 6),
        };
        var which = new AggregateFilter("loan:", ["open", "parked"]);
        var all = new AggregateClaims(which, loan => claims[loan.Id] is { } claim ? [claim] : []);
        (await Reader.FindBrokenBalancesAsync(10, Cancel, all)).ShouldBe(
        [
            $"Account {Id(2)}: 5 may come back to it, but what is under way adds up to 0.",
            $"Account {Id(3)}: 1 may come back to it, but what is under way adds up to 0.",
            $"Account {Id(4)}: suspense holds 0, but claims on it add up to 2.",
            $"Account {Id(5)} does not exist, but money that is under way is claimed for it.",
        ]);
        (await Reader.FindBrokenBalancesAsync(10, Cancel)).ShouldBeEmpty();
    }

    private async Task<IEnumerable<Guid>> DueAsync(string kindPrefix, int limit) =>
        (await Reader.GetDueAggregatesAsync(kindPrefix, 300, limit, Cancel)).Select(row => row.Id);

    private async Task<IEnumerable<Guid>> IdsAsync(AggregateFilter which, Guid after = default, int limit = 10) =>
        (await Reader.GetAggregatesAsync(which, after, limit, Cancel)).Select(row => row.Id);
}
