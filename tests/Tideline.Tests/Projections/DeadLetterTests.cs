using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Log.Sqlite;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Services.Accounts;
using Tideline.Tools.Load;

namespace Tideline.Tests.Projections;

public sealed class DeadLetterTests
{
    // Found by the simulation (seed 577): the log took the second letter for a repeat of the first, and the event was
    // gone for good.
    [Fact]
    public async Task Two_processes_that_write_letters_under_one_number_lose_none()
    {
        await using var stage = await Stage.OpenAsync();
        var (_, accounts) = await stage.CustomerAsync();
        await stage.Bank.DepositAsync(accounts[0], 1);
        var happened = await stage.Bank.Ledger.RawReader(0).GetEventsAsync(0, 100, default);
        var place = new ProjectionPlace(stage.Bank.Ledger, stage.Log, stage.Views, stage.Bank.Time);
        DeadLetterQueue[] queues = [.. Enumerable.Range(0, 3).Select(_ =>
            new DeadLetterQueue(CustomersProjection.Definition, place, NullLogger.Instance))];
        await queues[0].TakeOverAsync(1, isAnew: false, default);
        await queues[0].AppendAsync([Dead(0, "before")], default);
        await queues[1].TakeOverAsync(2, isAnew: false, default);
        // The first does not know yet that it has been replaced: its note of it is refused.
        await Should.ThrowAsync<TidelineException>(() => queues[0].AppendAsync([Dead(1, "first")], default));
        (await Should.ThrowAsync<TidelineException>(() => queues[1].AppendAsync([Dead(2, "second")], default)))
            .Code.ShouldBe(ErrorCode.StorageUnavailable);
        await queues[1].AppendAsync([Dead(2, "second")], default);
        await queues[2].TakeOverAsync(3, isAnew: false, default);
        foreach (var queue in queues[1..])
            queue.List().Select(each => each.Key).ShouldBe(["before", "first", "second"]);

        DeadEvent Dead(int at, string key) =>
            new(ProjectedEvent.From(happened[at], new SourceHistory(stage.Bank.Ledger.Epochs)), key, "A test.");
    }

    // An attacker's: what waited for lost documents blocked those built in their stead, and some events were neither in
    // a document nor in a letter.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Letters_of_lost_views_block_nobody_in_the_views_built_in_their_stead(int shard)
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB)");
        await stage.RestartAsync();
        for (var at = 0; at < 3; at++) await stage.Bank.DepositAsync(accounts[shard], 1);
        await stage.FlowAsync();
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem().Letters.ShouldBe(3);

        foreach (var name in await stage.Views.ListCollectionsAsync(default))
            await stage.Views.DropCollectionAsync(name, default);
        stage.Sql("DELETE FROM tl_watermarks");
        stage.Sql("DELETE FROM tl_states");
        for (var start = 0; start < 2; start++)
        {
            await stage.RestartAsync();
            await stage.ProjectAsync();
            stage.Customers.DeadLetters.List().ShouldBeEmpty();
            (await stage.ViewAsync(ada)).ShouldNotBeNull().Accounts.Sum(account => account.PostedMinor)
                .ShouldBe(20_003);
        }

        // What dies now waits as ever, also after another start.
        stage.Sql($"UPDATE c_{stage.Customers.Projector.Names.Documents} SET json = CAST('{{' AS BLOB)");
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(accounts[shard], 1);
        await stage.FlowAsync();
        await stage.RestartAsync();
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem().Letters.ShouldBe(1);
    }

    // An attacker's: the document lacked what was given up, and was shown as fresh.
    [Fact]
    public async Task Who_lacks_events_that_were_given_up_is_answered_by_the_ledger()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB)");
        await stage.RestartAsync();
        var deposit = await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.FlowAsync();
        await stage.RestoreAsync(ada, accounts);
        (await stage.Customers.DeadLetters.DiscardAsync(ada.ToString(), firstOnly: false, "a test", default))
            .ShouldBe(1);

        var token = ReadConsistency.Session([deposit.Position]);
        var read = (await stage.Reads.Queries.GetCustomerAsync(ada, token, default)).ShouldNotBeNull();
        (read.ServedBy, read.Customer.Accounts.Sum(account => account.PostedMinor))
            .ShouldBe((ServedBy.Ledger, 20_005L));
        (await Should.ThrowAsync<TidelineException>(() => stage.Reads.Queries.SearchTransactionsAsync(
            ada, token, null, null, null, null, 10, default))).Code.ShouldBe(ErrorCode.ViewBehind);

        await stage.Customers.Repair.RepairAsync(ada.ToString(), default);
        read = (await stage.Reads.Queries.GetCustomerAsync(ada, token, default)).ShouldNotBeNull();
        (read.ServedBy, read.Customer.Accounts.Sum(account => account.PostedMinor)).ShouldBe((ServedBy.View, 20_005L));
    }

    [Fact]
    public async Task A_poison_event_blocks_its_customer_alone_and_replays_in_order()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, ofAda) = await stage.CustomerAsync();
        var (ben, ofBen) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var account = ofAda[0];
        var version = (await stage.ViewAsync(ada))!.Clock[account];
        await stage.TamperAsync(ada, document => Fold(document, account, version - 1));
        // The projector's cache is empty, as after a restart: it sees the damaged clock.
        await stage.RestartAsync();
        for (var at = 0; at < 3; at++)
        {
            await stage.Bank.DepositAsync(account, 1);
            await stage.Bank.DepositAsync(ofAda[1], 1);
            await stage.Bank.DepositAsync(ofBen[0], 1);
            await stage.FlowAsync();
            await stage.RestartAsync();
        }

        stage.Customers.DeadLetters.List().ShouldHaveSingleItem().Key.ShouldBe(ada.ToString());
        (await stage.ViewAsync(ben))!.Accounts.Single(each => each.AccountId == ofBen[0]).PostedMinor.ShouldBe(10_003);
        var letters = await stage.Customers.DeadLetters.ShowAsync(ada.ToString(), default);
        letters.Select(letter => letter.Event.Position).Distinct().Count().ShouldBe(letters.Count);
        stage.Customers.Projector.Status().ShouldAllBe(status => status.LagEvents == 0 && status.BlockedKeys == 1);

        var stuck = await stage.Customers.DeadLetters.ReplayAsync(ada.ToString(), dryRun: false, default);
        stuck.Reason.ShouldNotBeNull();
        await stage.TamperAsync(ada, document => Fold(document, account, version));
        var dry = (await stage.Customers.DeadLetters.ReplayAllAsync(dryRun: true, null, default))
            .Results.ShouldHaveSingleItem();
        dry.Reason.ShouldBeNull();
        ViewJson.Customer(dry.After).Accounts.Single(each => each.AccountId == account).PostedMinor.ShouldBe(10_003);
        stage.Customers.DeadLetters.List().Count.ShouldBe(1);

        await stage.Customers.DeadLetters.ReplayAsync(ada.ToString(), dryRun: false, default);
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        await stage.RestartAsync();
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        (await stage.ViewAsync(ada))!.Accounts.Select(each => each.PostedMinor).ShouldBe([10_003L, 10_003L]);
    }

    [Fact]
    public async Task Letters_that_waited_on_a_log_that_was_lost_are_built_anew_from_the_ledger()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var version = (await stage.ViewAsync(ada))!.Clock[accounts[0]];
        await stage.TamperAsync(ada, document => Fold(document, accounts[0], version - 1));
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.FlowAsync();
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem();

        using var folder = new TemporaryFolder("lost");
        await using var empty = SqliteLog.Open(folder.Path, stage.Bank.Time);
        for (var start = 1; start <= 2; start++)
        {
            await stage.RestartAsync(empty);
            await stage.ProjectAsync();
            stage.Customers.Projector.Names.Version.ShouldBe(2);
            stage.Customers.DeadLetters.List().ShouldBeEmpty();
            (await stage.ViewAsync(ada))!.Accounts.Single(each => each.AccountId == accounts[0]).PostedMinor
                .ShouldBe(10_005);
        }

        // What died afterwards waits, although offsets begin again.
        await stage.TamperAsync(ada, document => Fold(document, accounts[0], version - 1));
        await stage.RestartAsync(empty);
        await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.ProjectAsync();
        await stage.RestartAsync(empty);
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_crash_after_the_dead_letter_was_appended_appends_it_no_second_time()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => Fold(document, accounts[0], 1));
        await stage.RestartAsync();
        var before = await stage.Views.GetWatermarkAsync(stage.Customers.Projector.Names.Projection, 0, default);
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        await stage.Views.SetWatermarkAsync(
            stage.Customers.Projector.Names.Projection, 0, before, stage.Bank.Ledger.OwnedEpoch(0), default);
        await stage.Log.CommitAsync(ProjectionFeed.Group, Topics.AccountEvents, 0, 0, default);
        await stage.RestartAsync();
        await stage.ProjectAsync();
        (await stage.Log.GetHeadAsync(Topics.DeadLetters(Topics.AccountEvents), 0, default)).ShouldBe(1);
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem().Letters.ShouldBe(1);
    }

    [Fact]
    public async Task Discarded_letters_let_later_events_follow_and_need_a_reason()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => Fold(document, accounts[0], 1));
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        await Should.ThrowAsync<TidelineException>(
            () => stage.Customers.DeadLetters.DiscardAsync(ada.ToString(), firstOnly: false, " ", default));
        (await stage.Customers.DeadLetters.DiscardAsync(ada.ToString(), firstOnly: false, "test entry", default))
            .ShouldBe(1);
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        (await stage.ViewAsync(ada))!.Accounts.Single(each => each.AccountId == accounts[0])
            .PostedMinor.ShouldBe(10_002);
        (await Should.ThrowAsync<TidelineException>(() =>
            stage.Customers.DeadLetters.ShowAsync(ada.ToString(), default)))
            .Code.ShouldBe(ErrorCode.NotFound);
        // The document lacks what they said until it is built anew; from then on it is held against the ledger again.
        stage.Customers.Projector.Dead.IsBehind(ada.ToString()).ShouldBeTrue();
        (await stage.Customers.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched");
        stage.Customers.Projector.Dead.IsBehind(ada.ToString()).ShouldBeFalse();
        await stage.RestartAsync();
        stage.Customers.Projector.Dead.IsBehind(ada.ToString()).ShouldBeFalse();
    }

    [Fact]
    public async Task All_keys_are_replayed_a_bounded_number_a_call_and_one_that_cannot_be_holds_up_no_other()
    {
        await using var stage = await Stage.OpenAsync();
        var customers = new List<(Guid Customer, Guid[] Accounts)>();
        for (var at = 0; at < ProjectionLimits.ReplayKeys + 2; at++) customers.Add(await stage.CustomerAsync());
        await stage.FlowAsync();
        foreach (var (customer, accounts) in customers)
            await stage.TamperAsync(customer, document => Fold(document, accounts[0], 1));
        await stage.RestartAsync();
        foreach (var (_, accounts) in customers) await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        // Each account has two events in its document; all documents but one are mended.
        var broken = customers.MinBy(each => each.Customer.ToString(), StringComparer.Ordinal).Customer;
        foreach (var (customer, accounts) in customers.Where(each => each.Customer != broken))
            await stage.TamperAsync(customer, document => Fold(document, accounts[0], 2));

        var desk = stage.Customers.DeadLetters;
        var dry = await desk.ReplayAllAsync(dryRun: true, null, default);
        (dry.Results.Count, desk.List().Count).ShouldBe((ProjectionLimits.ReplayKeys, ProjectionLimits.ReplayKeys + 2));
        var first = await desk.ReplayAllAsync(dryRun: false, null, default);
        first.Results.Select(result => (result.Key, result.Reason is null))
            .ShouldBe(dry.Results.Select(result => (result.Key, result.Key != broken.ToString())));
        first.Next.ShouldBe(first.Results[^1].Key);
        var second = await desk.ReplayAllAsync(dryRun: false, first.Next, default);
        (second.Results.Count, second.Next).ShouldBe((2, null));
        desk.List().ShouldHaveSingleItem().Key.ShouldBe(broken.ToString());
    }

    [Fact]
    public async Task A_key_whose_document_would_be_too_large_holds_up_no_other()
    {
        await using var stage = await Stage.OpenAsync();
        (Guid Customer, Guid[] Accounts)[] customers = [await stage.CustomerAsync(), await stage.CustomerAsync()];
        await stage.FlowAsync();
        foreach (var (customer, accounts) in customers)
            await stage.TamperAsync(customer, document => Fold(document, accounts[0], 1));
        await stage.RestartAsync();
        foreach (var (_, accounts) in customers) await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        var first = customers.MinBy(each => each.Customer.ToString(), StringComparer.Ordinal).Customer;
        foreach (var (customer, accounts) in customers)
        {
            var name = new string('x', customer == first ? ProjectionLimits.ProjectedDocumentBytes : 3);
            await stage.TamperAsync(customer, document => Fold(document, accounts[0], 2).Named(name));
        }

        var results = (await stage.Customers.DeadLetters.ReplayAllAsync(dryRun: false, null, default)).Results;
        results.Select(result => (result.Key == first.ToString(), result.Applied)).ShouldBe([(true, 0), (false, 1)]);
        results[0].Reason.ShouldNotBeNull().ShouldContain($"more than {ProjectionLimits.ProjectedDocumentBytes} bytes");
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem().Key.ShouldBe(first.ToString());
    }

    private static CustomerDocument Fold(
        CustomerDocument document, Guid account, long version) =>
        document with { Clock = new SortedList<Guid, long>(document.Clock) { [account] = version } };
}
