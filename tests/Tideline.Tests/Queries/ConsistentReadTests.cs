using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Queries;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;
using Tideline.Tests.Log;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Queries;

public sealed class ConsistentReadTests
{
    [Fact]
    public async Task A_client_reads_its_own_writes_though_the_view_is_behind()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var reply = await stage.Bank.DepositAsync(accounts[0], 7);
        var token = ConsistencyToken.Encode([reply.Position], Scope);
        var session = ReadConsistency.Parse("session", token, Scope);

        (await ReadAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe((20_000, ServedBy.View));
        (await ReadAsync(stage, ada, session)).ShouldBe((20_007, ServedBy.Ledger));
        (await ReadAsync(stage, ada, ReadConsistency.Bounded(0))).ShouldBe((20_007, ServedBy.Ledger));
        await stage.FlowAsync();
        (await ReadAsync(stage, ada, session)).ShouldBe((20_007, ServedBy.View));
        (await ReadAsync(stage, ada, ReadConsistency.Bounded(0))).ShouldBe((20_007, ServedBy.View));
        (await ReadAsync(stage, ada, ReadConsistency.Strong)).ShouldBe((20_007, ServedBy.Ledger));
    }

    [Fact]
    public async Task A_strong_list_asks_all_shards_for_their_heads_at_once_and_for_nothing_else()
    {
        FaultyStore? store = null;
        await using var stage = await Stage.OpenAsync(wrap: inner => store = new FaultyStore(inner));
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var (asked, answer) = (new ConcurrentQueue<(int, string)>(), new TaskCompletionSource());
        store!.BeforeRead = (shard, read) =>
        {
            asked.Enqueue((shard, read));
            return read == nameof(IShardReader.GetHeadAsync) ? answer.Task : null;
        };
        var list = stage.Reads.Queries.SearchTransactionsAsync(
            ada, ReadConsistency.Strong, null, null, "DEPO", null, 4, default);
        await Eventually.IsTrueAsync(() => asked.Count >= 2);
        answer.SetResult();
        (await list).Transactions.Count.ShouldBe(2);
        asked.Order().ShouldBe([(0, nameof(IShardReader.GetHeadAsync)), (1, nameof(IShardReader.GetHeadAsync))]);
    }

    [Fact]
    public async Task A_movement_is_found_by_its_external_reference()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        var other = (await stage.CustomerAsync()).Accounts[0];
        var book = new Book(
            stage.Bank.Ledger.Ids.Next(), new Leg(accounts[0], Bank.Eur, -5), new Leg(other, Bank.Eur, 5))
        {
            Details = new TransactionDetails { ExternalReference = "invoice-7" },
        };
        (await stage.Bank.Ledger.ExecuteAsync(book, default)).Refusal.ShouldBeNull();
        await stage.FlowAsync();
        (await stage.Reads.Queries.SearchTransactionsAsync(
            ada, ReadConsistency.Eventual, null, null, "voice-7", null, 4, default))
            .Transactions.ShouldHaveSingleItem().TransactionId.ShouldBe(book.TransactionId);
    }

    [Fact]
    public async Task Movements_are_found_by_words_and_pages_follow_each_other()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        for (var at = 1; at <= 7; at++) await stage.Bank.DepositAsync(accounts[0], at);
        await stage.FlowAsync();
        var views = stage.Reads.Queries;
        var seen = new List<long>();
        string? cursor = null;
        do
        {
            var page = await views.SearchTransactionsAsync(
                ada, ReadConsistency.Eventual, null, null, "DEPO", cursor, 4, default);
            seen.AddRange(page.Transactions.Select(entry => entry.AmountMinor));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        seen.Count.ShouldBe(9);
        seen.Take(7).ShouldBe([7L, 6, 5, 4, 3, 2, 1]);
        (await views.SearchTransactionsAsync(ada, ReadConsistency.Eventual, null, null, "nowhere", null, 4, default))
            .Transactions.ShouldBeEmpty();
        (await views.FindCustomersByEmailAsync("ada@example.com", ReadConsistency.Eventual, null, 10, default))
            .Customers.ShouldHaveSingleItem().CustomerId.ShouldBe(ada);
        await Should.ThrowAsync<TidelineException>(
            () => views.SearchTransactionsAsync(ada, ReadConsistency.Eventual, null, null, null, "bad!", 4, default));
        await Should.ThrowAsync<TidelineException>(
            () => views.SearchTransactionsAsync(ada, ReadConsistency.Eventual, null, null, null, null, 0, default));
    }

    [Fact]
    public async Task A_list_is_never_older_than_asked_and_fails_where_the_views_stay_behind()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var stage = await Stage.OpenAsync(time);
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var reply = await stage.Bank.DepositAsync(accounts[0], 7);
        time.Advance(TimeSpan.FromMilliseconds(10));
        var session = ReadConsistency.Session([reply.Position]);
        foreach (var asked in new[] { session, ReadConsistency.Bounded(9), ReadConsistency.Strong })
        {
            (await FailsAsync(time, CountAsync(stage, ada, asked))).ShouldBe(ErrorCode.ViewBehind);
            (await FailsAsync(time, stage.Reads.Queries.FindCustomersByEmailAsync(
                "ada@example.com", asked, null, 10, default))).ShouldBe(ErrorCode.ViewBehind);
        }

        (await CountAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe(2);
        (await CountAsync(stage, ada, ReadConsistency.Bounded(60_000))).ShouldBe(2);

        // One that waits is answered as soon as the views are there.
        var waiting = CountAsync(stage, ada, session);
        waiting.IsCompleted.ShouldBeFalse();
        await stage.FlowAsync();
        (await waiting).ShouldBe(3);
        foreach (var asked in new[] { session, ReadConsistency.Bounded(0), ReadConsistency.Strong })
            (await CountAsync(stage, ada, asked)).ShouldBe(3);
        (await Should.ThrowAsync<TidelineException>(() => CountAsync(
            stage, ada, ReadConsistency.Session([new Position(0, 99)])))).Code.ShouldBe(ErrorCode.InvalidInput);
    }

    [Fact]
    public async Task A_list_that_lacks_what_waits_among_the_dead_letters_fails_unless_eventual()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        var (ben, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada,
            document => document with { Clock = new SortedList<Guid, long>(document.Clock) { [accounts[0]] = 1 } });
        await stage.RestartAsync();
        var reply = await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        var session = ReadConsistency.Session([reply.Position]);
        (await Should.ThrowAsync<TidelineException>(() => CountAsync(stage, ada, session)))
            .Message.ShouldContain($"{ada} wait among the dead letters");
        await Should.ThrowAsync<TidelineException>(
            () => stage.Reads.Queries.FindCustomersByEmailAsync("ada@example.com", session, null, 10, default));
        (await CountAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe(2);
        (await CountAsync(stage, ben, session)).ShouldBe(2);
        (await stage.Reads.Queries.FindCustomersByEmailAsync("nobody@example.com", session, null, 10, default))
            .Customers.ShouldBeEmpty();
    }

    // Found by the drill: a list was empty, because the projector had not noticed yet that the views were lost.
    [Fact]
    public async Task A_list_of_views_that_were_lost_just_now_fails_unless_eventual()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        var reply = await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        foreach (var table in (string[])["c_customers_v1", "c_transactions_v1", "tl_watermarks", "tl_states"])
            stage.Sql($"DELETE FROM {table}");
        foreach (var asked in new[]
        {
            ReadConsistency.Session([reply.Position]), ReadConsistency.Bounded(60_000), ReadConsistency.Strong,
        })
        {
            (await Should.ThrowAsync<TidelineException>(() => CountAsync(stage, ada, asked)))
                .Code.ShouldBe(ErrorCode.ViewBehind);
            (await Should.ThrowAsync<TidelineException>(() => stage.Reads.Queries.FindCustomersByEmailAsync(
                "ada@example.com", asked, null, 10, default))).Code.ShouldBe(ErrorCode.ViewBehind);
        }

        (await CountAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe(0);
    }

    // Found by the drill: only the newest account of a customer was shown.
    [Fact]
    public async Task A_document_that_was_deleted_and_begun_anew_is_not_shown()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.Views.RemoveAsync("customers_v1", [$"{ada}"], default);
        var third = new OpenAccount(stage.Bank.Ledger.Ids.Next(), ada, Bank.Eur, 0, null);
        var reply = await stage.Bank.Ledger.ExecuteAsync(third, default);
        await stage.FlowAsync();
        (await stage.ViewAsync(ada)).ShouldNotBeNull().Accounts.ShouldHaveSingleItem();
        foreach (var asked in new[] { ReadConsistency.Eventual, ReadConsistency.Session([reply.Position]) })
        {
            var read = (await stage.Reads.Queries.GetCustomerAsync(ada, asked, default)).ShouldNotBeNull();
            read.ServedBy.ShouldBe(ServedBy.Ledger);
            read.Customer.Accounts.Select(account => account.AccountId)
                .ShouldBe([.. accounts, third.AccountId], ignoreOrder: true);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("%%%")]
    [InlineData("MS8wOjE")]
    [InlineData("Ojo6")]
    [InlineData("OToxMjM")]
    [InlineData("MDowLDE6MQ")]
    public void A_token_that_is_none_is_refused(string token) => Refuse(token);

    [Fact]
    public void A_token_that_is_not_as_it_was_given_is_refused()
    {
        var token = ConsistencyToken.Encode([new(0, 5), new(1, 5091)], Scope);
        ConsistencyToken.Parse(token, Scope).ShouldBe([new Position(0, 5), new Position(1, 5091)]);
        for (var length = 0; length < token.Length; length++) Refuse(token[..length]);
        for (var at = 0; at < token.Length; at++)
            Refuse($"{token[..at]}{(token[at] == 'A' ? 'B' : 'A')}{token[(at + 1)..]}");
        Refuse(ConsistencyToken.Encode([new(0, 5)], Scope with { Installation = Guid.Empty }));
    }

    [Fact]
    public void A_token_keeps_the_furthest_position_of_each_shard() => ConsistencyToken
        .Parse(ConsistencyToken.Encode([new(1, 5), new(0, 9), new(1, 7)], Scope), Scope)
        .ShouldBe([new Position(0, 9), new Position(1, 7)]);

    private static TokenScope Scope { get; } = new(new Guid("00000000-0000-0000-0000-000000000001"), 2, 1);

    private static void Refuse(string token) => Should.Throw<TidelineException>(
        () => ConsistencyToken.Parse(token, Scope)).Code.ShouldBe(ErrorCode.InvalidInput);

    [Theory]
    [InlineData("soon")]
    [InlineData("bounded=")]
    [InlineData("bounded=-1")]
    public void An_unknown_consistency_is_refused(string consistency) =>
        Should.Throw<TidelineException>(() => ReadConsistency.Parse(consistency, null, Scope))
            .Code.ShouldBe(ErrorCode.InvalidInput);

    private static async Task<int> CountAsync(Stage stage, Guid customer, ReadConsistency consistency) =>
        (await stage.Reads.Queries.SearchTransactionsAsync(
            customer, consistency, null, null, null, null, 100, default)).Transactions.Count;

    private static async Task<ErrorCode> FailsAsync(FakeTimeProvider time, Task read)
    {
        read.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(QueryLimits.ListWaitMs));
        return (await Should.ThrowAsync<TidelineException>(() => read)).Code;
    }

    private static async Task<(long, ServedBy)> ReadAsync(Stage stage, Guid customer, ReadConsistency consistency)
    {
        var read = (await stage.Reads.Queries.GetCustomerAsync(customer, consistency, default)).ShouldNotBeNull();
        return (read.Customer.Accounts.Sum(account => account.PostedMinor), read.ServedBy);
    }
}
