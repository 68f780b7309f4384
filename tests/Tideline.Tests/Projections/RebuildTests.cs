using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Services.Accounts;

namespace Tideline.Tests.Projections;

public sealed class RebuildTests
{
    [Fact]
    public async Task Rebuilt_views_equal_the_live_ones_and_take_their_place_while_events_arrive()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        for (var at = 0; at < 5; at++) await stage.CustomerAsync();
        await stage.FlowAsync();
        var status = await stage.Customers.Rebuild.RunAsync(force: false, default);
        (status.Phase, status.Differing, status.Blocked).ShouldBe(("switched", 0L, 0L));
        // Per customer five events (creation, two accounts, two deposits) and two movements.
        status.Collections.Select(each => (each.Name, each.Compared))
            .ShouldBe([("customers", 6L), ("transactions", 12L)]);
        stage.Customers.Projector.Names.Version.ShouldBe(2);
        await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.FlowAsync();
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);

        await stage.RestartAsync();
        stage.Customers.Projector.Names.Version.ShouldBe(2);
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);
    }

    [Fact]
    public async Task A_rebuild_that_differs_is_refused_unless_forced()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => document.Named("Eve"));
        var refused = await stage.Customers.Rebuild.RunAsync(force: false, default);
        (refused.Phase, refused.Differing).ShouldBe(("refused", 1L));
        refused.Collections[0].DifferingIds.ShouldBe([ada.ToString()]);
        Profiles.NameOf((await stage.ViewAsync(ada))!).ShouldBe("Eve");
        // What was discarded can be started again, and finds the same.
        await stage.RestartAsync();
        (await stage.Customers.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("refused");
        (await stage.Customers.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched");
        Profiles.NameOf((await stage.ViewAsync(ada))!).ShouldBe("Ada");
    }

    [Fact]
    public async Task A_rebuild_that_was_interrupted_is_begun_anew_and_leaves_nothing_behind()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        using var crash = new CancellationTokenSource();
        await crash.CancelAsync();
        // What a crash leaves: a number taken, and its collections.
        await Should.ThrowAsync<OperationCanceledException>(
            () => stage.Customers.Rebuild.RunAsync(force: false, crash.Token));
        await new ViewNames(
            CustomersProjection.Definition, await new RebuildVersion(
                stage.Customers.Projector, stage.Views).ReserveAsync(default))
                .EnsureAsync(stage.Views, default);
        await stage.RestartAsync();
        (await stage.Customers.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        await Should.NotThrowAsync(() => stage.Customers.Rebuild.RunAsync(force: false, default));
        (stage.Customers.Projector.Active with { SwitchedUs = null }).ShouldBe(
            new ActiveViews(4, 3, CustomersProjection.Definition.SchemaVersion, 4,
                Installation: stage.Bank.Ledger.Installation));
        (await ViewNames.VersionsAsync(stage.Views, CustomersProjection.Definition, default)).ShouldBe([3, 4]);
    }

    [Fact]
    public async Task A_rebuild_heals_what_waited_as_dead_letters()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada,
            document => document with { Clock = new SortedList<Guid, long>(document.Clock) { [accounts[0]] = 1 } });
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        stage.Customers.DeadLetters.List().Count.ShouldBe(1);
        var status = await stage.Customers.Rebuild.RunAsync(force: false, default);
        status.Phase.ShouldBe("switched");
        // The customer, and the movement that waited with it.
        status.Collections.Select(each => each.Blocked).ShouldBe([1L, 1L]);
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_001);
    }

    [Fact]
    public async Task What_fails_after_the_switch_is_no_failure_of_the_rebuild()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var clock = (await stage.ViewAsync(ada))!.Clock;
        await stage.TamperAsync(
            ada, document => document with { Clock = new SortedList<Guid, long>(clock) { [accounts[0]] = 1 } });
        var log = new LogWithoutCommits(stage.Log);
        await stage.RestartAsync(log);
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        log.IsBroken = true;
        stage.Customers.Rebuild.Start(force: true);
        // It says first that it switched, then what failed.
        while (stage.Customers.Rebuild.Status.Message?.Contains("The log is away.", StringComparison.Ordinal)
            is not true)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        var status = stage.Customers.Rebuild.Status;
        status.Phase.ShouldBe("switched");
        status.Message.ShouldNotBeNull()
            .ShouldStartWith("Version 2 answers; version 1 is kept. Dead letters may still be listed");

        // The next one clears what was left.
        await stage.RestartAsync();
        stage.Customers.Projector.Names.Version.ShouldBe(2);
        (await stage.Customers.Rebuild.RunAsync(force: true, default))
            .Message.ShouldBe("Version 3 answers; version 2 is kept.");
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        (await ViewNames.VersionsAsync(stage.Views, CustomersProjection.Definition, default)).ShouldBe([2, 3]);
    }

    [Theory]
    [InlineData(
        "UPDATE c_transactions_v1 SET json = CAST(replace(json, 'deposit', 'Deposit') AS BLOB)", "transactions", 2)]
    [InlineData("DELETE FROM c_transactions_v1", "transactions", 2)]
    [InlineData("UPDATE c_transactions_v1 SET id = 'x' || id", "transactions", 4)]
    [InlineData("UPDATE c_events_v1 SET json = CAST(replace(json, 'specversion', 'specVersion') AS BLOB) WHERE id "
        + "LIKE '0:%1'", "events", 1)]
    [InlineData("DELETE FROM c_events_v1 WHERE id LIKE '0:%1'", "events", 1)]
    [InlineData("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB)", "customers", 1)]
    [InlineData("DELETE FROM c_customers_v1", "customers", 1)]
    public async Task Every_collection_is_compared(string tampering, string collection, long differing)
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        using (var database = SqliteDatabase.OpenWriter(
            Path.Combine(stage.Folder, "views", "views.db"))) database.Execute(tampering);
        var projection = stage.Host[collection == "events" ? "events" : "customers"];
        var refused = await projection.Rebuild.RunAsync(force: false, default);
        refused.Phase.ShouldBe("refused");
        refused.Collections.Where(each => each.Differing > 0)
            .Select(each => (each.Name, each.Differing)).ShouldBe([(collection, differing)]);
        refused.Collections.Single(each => each.Name == collection).DifferingIds.Count.ShouldBe((int)differing);
        (await projection.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched");
        (await projection.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
    }

    [Fact]
    public async Task What_arrives_while_the_versions_are_compared_is_compared_too()
    {
        await using var stage = await Stage.OpenAsync();
        // More than a rebuild reads at once: the built version is behind when the walk begins, so it has no document
        // that could be missed.
        var (_, accounts) = await stage.CustomerAsync();
        for (var at = 0; at < Limits.EventBatch / 100; at++)
            await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => stage.Bank.DepositAsync(accounts[0], 1)));
        await stage.FlowAsync();
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(stage.Folder, "views", "views.db")))
        {
            database.Execute("DELETE FROM c_transactions_v1 WHERE rowid = (SELECT max(rowid) FROM c_transactions_v1)");
        }

        var refused = await stage.Customers.Rebuild.RunAsync(force: false, default);
        refused.Phase.ShouldBe("refused");
        refused.Collections.Select(each => each.Differing).ShouldBe([0L, 1L]);
        refused.Collections.Select(each => each.Compared).ShouldBe([1L, 1_502L]);
    }

    private sealed class LogWithoutCommits(ILog log) : ForgetfulLog(log)
    {
        public bool IsBroken { get; set; }

        public override ValueTask CommitAsync(
            string group, string topic, int partition, long offset, CancellationToken cancel) => IsBroken
            ? throw new TidelineException(ErrorCode.StorageUnavailable, "The log is away.")
            : base.CommitAsync(group, topic, partition, offset, cancel);
    }
}
