using Tideline.Consistency;
using Tideline.Kernel;
using Tideline.Tests.Projections;
using Tideline.Views;

namespace Tideline.Tests.Consistency;

public sealed class ConsistentReadTests
{
    [Fact]
    public async Task A_client_reads_its_own_writes_though_the_view_is_behind()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var reply = await stage.Bank.DepositAsync(accounts[0], 7);
        var token = ConsistencyToken.Encode([reply.Position]);
        var session = ReadConsistency.Parse("session", token, 2);

        (await ReadAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe((20_000, ServedBy.View));
        (await ReadAsync(stage, ada, session)).ShouldBe((20_007, ServedBy.Ledger));
        (await ReadAsync(stage, ada, ReadConsistency.Bounded(0))).ShouldBe((20_007, ServedBy.Ledger));
        await stage.FlowAsync();
        (await ReadAsync(stage, ada, session)).ShouldBe((20_007, ServedBy.View));
        (await ReadAsync(stage, ada, ReadConsistency.Bounded(0))).ShouldBe((20_007, ServedBy.View));
        (await ReadAsync(stage, ada, ReadConsistency.Strong)).ShouldBe((20_007, ServedBy.Ledger));
    }

    [Fact]
    public async Task Movements_are_found_by_words_and_pages_follow_each_other()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        for (var at = 1; at <= 7; at++) await stage.Bank.DepositAsync(accounts[0], at);
        await stage.FlowAsync();
        var views = stage.Host.CustomerViews;
        var seen = new List<long>();
        string? cursor = null;
        do
        {
            var page = await views.SearchTransactionsAsync(ada, null, null, "DEPO", cursor, 4, default);
            seen.AddRange(page.Transactions.Select(entry => entry.AmountMinor));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        seen.Count.ShouldBe(9);
        seen.Take(7).ShouldBe([7L, 6, 5, 4, 3, 2, 1]);
        (await views.SearchTransactionsAsync(ada, null, null, "nowhere", null, 4, default)).Transactions.ShouldBeEmpty();
        (await views.FindCustomersByEmailAsync("ada@example.com", null, 10, default)).Customers.ShouldHaveSingleItem().CustomerId.ShouldBe(ada);
        await Should.ThrowAsync<TidelineException>(() => views.SearchTransactionsAsync(ada, null, null, null, "bad!", 4, default));
        await Should.ThrowAsync<TidelineException>(() => views.SearchTransactionsAsync(ada, null, null, null, null, 0, default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("%%%")]
    [InlineData("MDox")]
    [InlineData("Ojo6")]
    [InlineData("OToxMjM")]
    [InlineData("MDowLDE6MQ")]
    public void A_token_that_is_none_is_refused(string token)
    {
        if (token == "MDox") ConsistencyToken.Parse(token, 2).ShouldBe([new Position(0, 1)]);
        else Should.Throw<TidelineException>(() => ConsistencyToken.Parse(token, 2)).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public void A_token_keeps_the_furthest_position_of_each_shard() =>
        ConsistencyToken.Parse(ConsistencyToken.Encode([new(1, 5), new(0, 9), new(1, 7)]), 2).ShouldBe([new Position(0, 9), new Position(1, 7)]);

    [Theory]
    [InlineData("soon")]
    [InlineData("bounded=")]
    [InlineData("bounded=-1")]
    public void An_unknown_consistency_is_refused(string consistency) =>
        Should.Throw<TidelineException>(() => ReadConsistency.Parse(consistency, null, 2)).Code.ShouldBe(ErrorCode.InvalidInput);

    private static async Task<(long, ServedBy)> ReadAsync(Stage stage, Guid customer, ReadConsistency consistency)
    {
        var read = (await stage.Host.CustomerViews.GetCustomerAsync(customer, consistency, default)).ShouldNotBeNull();
        return (read.Customer.Accounts.Sum(account => account.PostedMinor), read.ServedBy);
    }
}
