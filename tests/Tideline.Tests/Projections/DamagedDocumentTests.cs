using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Ledger;
using Tideline.Tests.Services.Accounts;

namespace Tideline.Tests.Projections;

/// <summary>
/// What comes from the store is input like any other: one document stops its own customer alone, is named, and can be
/// healed.
/// </summary>
public sealed class DamagedDocumentTests
{
    [Theory]
    [InlineData("json = CAST('{' AS BLOB)")]
    [InlineData("json = CAST('' AS BLOB)")]
    [InlineData("json = CAST('null' AS BLOB)")]
    [InlineData("json = CAST('[1]' AS BLOB)")]
    [InlineData("json = x'ff00'")]
    [InlineData("json = CAST(replace(json, '\"accounts\":[', '\"accounts\":null,\"accountz\":[') AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.accounts', NULL) AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.accounts', json('[null]')) AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.accounts[0].currency', 'X') AS BLOB)")]
    [InlineData("json = CAST(json_remove(CAST(json AS TEXT), '$.accounts[0].currency') AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.clock', NULL) AS BLOB)")]
    [InlineData("json = CAST(json_remove(CAST(json AS TEXT), '$.clock') AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.clock', 7) AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.transactions', NULL) AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.transactions.days', json('[null]')) AS BLOB)")]
    [InlineData(
        "json = CAST(json_set(CAST(json AS TEXT), '$.transactions.recent[0].bookedAtUs', 9223372036854775807) AS " +
        "BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.extra', 1) AS BLOB)")]
    [InlineData(
        "json = CAST(json_set(CAST(json AS TEXT), '$.customerId', '019aad7e-0000-7000-8000-000000000001') AS BLOB)")]
    [InlineData("json = CAST(json_set(CAST(json AS TEXT), '$.customerId', 5) AS BLOB)")]
    [InlineData("revision = 'x'")]
    [InlineData("revision = 1.5")]
    [InlineData("revision = 0")]
    [InlineData("revision = -3")]
    [InlineData("revision = 9223372036854775807")]
    [InlineData("id = CAST(id AS BLOB)")]
    public async Task A_document_that_somebody_broke_stops_its_own_customer_alone(string damage)
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, ofAda) = await stage.CustomerAsync();
        var (ben, ofBen) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql($"UPDATE c_customers_v1 SET {damage} WHERE id = '{ada}'");
        await stage.RestartAsync();
        for (var at = 0; at < 2; at++)
        {
            await stage.Bank.DepositAsync(ofAda[at], 1);
            await stage.Bank.DepositAsync(ofBen[at], 1);
            await stage.FlowAsync();
        }

        stage.Customers.Projector.Status().ShouldAllBe(status => status.Fault == null && status.LagEvents == 0);
        (await stage.ViewAsync(ben))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_002);
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem().Key.ShouldBe(ada.ToString());
        var health = new NodeHealth();
        stage.Host.ReportTo(health);
        health.Faults()
            .ShouldContain(
                fault =>
                    fault.Scope == FaultScope.Detail && fault.Sentence.Contains(ada.ToString())
                    && fault.Sentence.Contains("projections repair"));
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail.Contains("projections repair", StringComparison.Ordinal))
            .ShouldBe((false, true), check.Detail);

        // Every level is answered, with all that is committed.
        foreach (
            var asked in new[] { ReadConsistency.Strong, ReadConsistency.Bounded(60_000),
            ReadConsistency.Session([new Position(0, 1)]) })
            (await SumAsync(stage, ada, asked)).ShouldBe(20_002);
        (await stage.Reads.Queries.FindCustomersByEmailAsync(
            "ada@example.com", ReadConsistency.Eventual, null, 10, default)).Customers
            .ShouldContain(customer => customer.CustomerId == ben);

        (await stage.Customers.Repair.RepairAsync(ada.ToString(), default)).Reason.ShouldBeNull();
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        await stage.Customers.Projector.PassAsync(default);
        await stage.Bank.DepositAsync(ofAda[0], 1);
        await stage.FlowAsync();
        (await SumAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe(20_003);
        if (damage.StartsWith("id", StringComparison.Ordinal))
            await stage.ForceRebuildAsync();
        check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
    }

    [Fact]
    public async Task A_read_that_meets_a_damaged_document_is_answered_by_the_ledger_and_names_it()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB)");
        var read = (await stage.Reads.Queries.GetCustomerAsync(ada, ReadConsistency.Eventual, default))
            .ShouldNotBeNull();
        read.ServedBy.ShouldBe(ServedBy.Ledger);
        (await stage.Reads.Queries.FindCustomersByEmailAsync(
            "ada@example.com", ReadConsistency.Eventual, null, 10, default)).Customers
            .ShouldHaveSingleItem().CustomerId.ShouldBe(ada);
        (await stage.VerifyViewsAsync()).Detail.ShouldContain($"Document {ada} of customers is damaged");
        stage.Host.Damaged.Sentence().ShouldNotBeNull().ShouldContain(ada.ToString());
        await stage.Customers.Repair.RepairAsync(ada.ToString(), default);
        stage.Host.Damaged.Count.ShouldBe(0);
        (await stage.Reads.Queries.GetCustomerAsync(ada, ReadConsistency.Eventual, default)).ShouldNotBeNull()
            .ServedBy.ShouldBe(ServedBy.View);
    }

    [Fact]
    public async Task A_damaged_document_that_is_healed_elsewhere_is_no_longer_named()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql("UPDATE c_customers_v1 SET revision = -revision");
        await stage.Reads.Queries.GetCustomerAsync(ada, ReadConsistency.Eventual, default);
        stage.Host.Damaged.Count.ShouldBe(1);
        await stage.Host.Damaged.LookAgainAsync(stage.Views, [stage.Customers.Projector.Names], default);
        stage.Host.Damaged.Count.ShouldBe(1);
        stage.Sql("UPDATE c_customers_v1 SET revision = -revision");
        await stage.Host.Damaged.LookAgainAsync(stage.Views, [stage.Customers.Projector.Names], default);
        stage.Host.Damaged.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_damaged_movement_fails_the_search_of_its_customer_alone_and_is_built_anew()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        var (ben, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql($"UPDATE c_transactions_v1 SET json = CAST('{{' AS BLOB) WHERE f_customerId = '{ada}'");
        stage.Sql("DELETE FROM c_events_v1");
        foreach (var words in new[] { null, "depo" })
        {
            var fault = await Should.ThrowAsync<TidelineException>(() => SearchAsync(stage, ada, words));
            fault.Code.ShouldBe(ErrorCode.ViewBehind);
            fault.Message.ShouldContain($"./tideline projections repair customers {ada}");
            (await SearchAsync(stage, ben, words)).Transactions.Count.ShouldBe(2);
        }

        foreach (var customer in new[] { ada, ben })
            (await stage.Customers.Repair.RepairAsync(customer.ToString(), default))
                .Documents.ShouldBe(customer == ada ? 3 : 1);
        (await SearchAsync(stage, ada, null)).Transactions.Count.ShouldBe(2);
        // The archive is a projection of its own: one event of it is built anew, then all.
        var events = stage.Host["events"];
        (await events.Repair.RepairAsync("0:0000000000000000002", default)).Documents.ShouldBe(1);
        (await events.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched");
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
    }

    // Found by the simulation (seed 51): the customer had nothing on that shard when the repair began.
    [Fact]
    public async Task A_repair_holds_an_account_that_was_opened_meanwhile_on_another_shard()
    {
        Func<Task>? meanwhile = null;
        var definition = CustomersProjection.Definition;
        await using var stage = await Stage.OpenAsync(projections:
        [
            definition with
            {
                ShardsOf = async (ledger, key, cancel) =>
                {
                    var shards = await definition.ShardsOf!(ledger, key, cancel);
                    if (Interlocked.Exchange(ref meanwhile, null) is { } act) await act();
                    return shards;
                },
            },
        ]);
        var ada = await stage.Bank.CustomerAsync();
        await stage.FlowAsync();
        var ledger = stage.Bank.Ledger;
        meanwhile = async () =>
        {
            var account = ledger.Map.NextOn(1 - ledger.Map.ShardOf(ada), ledger.Ids);
            await ledger.ExecuteAsync(new OpenAccount(account, ada, Bank.Eur, 0, null), default);
            await stage.FlowAsync();
        };
        (await stage.Customers.Repair.RepairAsync(ada.ToString(), default)).Reason.ShouldBeNull();
        (await stage.ViewAsync(ada)).ShouldNotBeNull().Accounts.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_document_that_was_deleted_or_is_wrong_is_built_anew()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        var (ben, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql($"DELETE FROM c_customers_v1 WHERE id = '{ada}'");
        await stage.TamperAsync(ben, document => document.Named("Eve"));
        (await SumAsync(stage, ada, ReadConsistency.Session([new Position(0, 1)]))).ShouldBe(20_000);
        (await stage.VerifyViewsAsync()).Ok.ShouldBeFalse();
        foreach (var customer in new[] { ada, ben }) await stage.Customers.Repair.RepairAsync(customer.ToString(),
            default);
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
        (await Should.ThrowAsync<TidelineException>(
            () => stage.Customers.Repair.RepairAsync(stage.Bank.Ledger.Ids.Next().ToString(), default)))
            .Code.ShouldBe(ErrorCode.NotFound);
    }

    [Fact]
    public async Task A_document_that_would_be_too_large_holds_its_customer_alone()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, ofAda) = await stage.CustomerAsync();
        var (ben, ofBen) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(
            ada, document => document.Named(new string('x', ProjectionLimits.ProjectedDocumentBytes)));
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(ofAda[0], 1);
        await stage.Bank.DepositAsync(ofBen[0], 1);
        await stage.FlowAsync();
        (await stage.ViewAsync(ben))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_001);
        var blocked = stage.Customers.DeadLetters.List().ShouldHaveSingleItem();
        (blocked.Key, stage.Customers.Projector.Status().All(status => status.Fault is null && status.LagEvents == 0))
            .ShouldBe((ada.ToString(), true));
        await stage.Customers.Repair.RepairAsync(ada.ToString(), default);
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_001);
    }

    [Fact]
    public async Task The_aging_pass_goes_past_a_damaged_document()
    {
        var time =
            new Microsoft.Extensions.Time.Testing.FakeTimeProvider(
                new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var stage = await Stage.OpenAsync(time);
        var (ada, _) = await stage.CustomerAsync();
        for (var at = 0; at < 3; at++) await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql($"UPDATE c_customers_v1 SET json = CAST('{{' AS BLOB) WHERE id = '{ada}'");
        time.Advance(TimeSpan.FromDays(AccountLimits.ActivityDays + 1));
        (await stage.Reads.Aging.RunAsync(default)).ShouldBe(3);
        stage.Host.Damaged.Sentence().ShouldNotBeNull().ShouldContain(ada.ToString());
    }

    [Theory]
    [InlineData("UPDATE tl_states SET json = CAST('{' AS BLOB)")]
    [InlineData("UPDATE tl_states SET json = CAST('null' AS BLOB)")]
    [InlineData("UPDATE tl_states SET json = CAST('{\"version\":-1,\"schema\":1,\"latest\":1}' AS BLOB)")]
    [InlineData("UPDATE tl_states SET json = CAST('{\"version\":9,\"schema\":1,\"latest\":1}' AS BLOB)")]
    [InlineData("UPDATE tl_states SET json = 7")]
    [InlineData("DELETE FROM tl_states")]
    [InlineData("UPDATE tl_watermarks SET seq = 1000000")]
    [InlineData("UPDATE tl_watermarks SET seq = 'x', time_us = 'y'")]
    [InlineData("UPDATE tl_watermarks SET seq = -5")]
    [InlineData("DELETE FROM tl_watermarks")]
    [InlineData("UPDATE tl_collections SET definition = '{'")]
    [InlineData("UPDATE tl_collections SET definition = 'null'")]
    [InlineData("DELETE FROM tl_collections")]
    [InlineData("DROP TABLE c_customers_v1")]
    [InlineData("DROP TABLE c_transactions_v1")]
    [InlineData("DROP TABLE c_events_v1")]
    public async Task Broken_states_and_missing_collections_heal_by_themselves_or_by_a_forced_rebuild(string damage)
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql(damage);
        await stage.ReopenViewsAsync();
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        await stage.ProjectAsync();
        (await SumAsync(stage, ada, ReadConsistency.Session([new Position(0, 1)]))).ShouldBe(20_001);
        await stage.ForceRebuildAsync();
        (await SumAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe(20_001);
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
    }

    [Theory]
    [InlineData("DROP TABLE c_customers_v1")]
    [InlineData("DROP TABLE c_transactions_v1")]
    [InlineData("DROP TABLE c_events_v1")]
    public async Task A_collection_that_somebody_drops_while_the_program_runs_comes_back(string damage)
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql(damage);
        (await SumAsync(stage, ada, ReadConsistency.Bounded(60_000))).ShouldBe(20_000);
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        // A shard that failed rests before it is tried again.
        for (var tries = 0; tries < 100
            && stage.Customers.Projector.Status()
            .Any(status => status.LagEvents > 0 || status.Fault is not null); tries++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            await stage.ProjectAsync();
        }

        (await SumAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe(20_001);
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
    }

    [Fact]
    public async Task A_forced_rebuild_reads_nothing_of_what_it_replaces()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB), revision = 'x'");
        stage.Sql("UPDATE c_transactions_v1 SET json = CAST('{' AS BLOB), revision = 'x'");
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.RestartAsync();
        await stage.FlowAsync();
        stage.Sql("DROP TABLE c_events_v1");
        stage.Sql("UPDATE tl_watermarks SET seq = 1000000");
        stage.Sql("UPDATE tl_states SET json = CAST('{' AS BLOB)");
        await stage.ForceRebuildAsync();
        stage.Customers.DeadLetters.List().ShouldBeEmpty();
        (await SumAsync(stage, ada, ReadConsistency.Eventual)).ShouldBe(20_001);
        await stage.RestartAsync();
        await stage.ProjectAsync();
        var check = await stage.VerifyViewsAsync();
        (check.Ok, check.Detail).ShouldBe((true, check.Detail));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_shard_whose_log_cannot_be_read_or_written_stops_alone(bool isCancellation)
    {
        // A cancellation that nobody asked for is a fault like another.
        Exception fault = isCancellation
            ? new OperationCanceledException("Nobody asked for it.")
            : new TidelineException(ErrorCode.Corrupt, "The records of shard 0 contradict each other.");
        await using var stage = await Stage.OpenAsync();
        var (_, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var log = new HalfBrokenLog(stage.Log, fault) { IsBroken = true };
        await stage.RestartAsync(log);
        foreach (var account in accounts) await stage.Bank.DepositAsync(account, 1);
        await stage.FlowAsync();
        var status = stage.Customers.Projector.Status();
        (status[1].LagEvents, status[1].Fault).ShouldBe((0L, null));
        status[0].LagEvents.ShouldBe(1);
        status[0].Fault.ShouldNotBeNull();
        log.IsBroken = false;
        for (var tries = 0; tries < 100 && stage.Customers.Projector.Status()[0].LagEvents > 0; tries++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            await stage.ProjectAsync();
        }

        stage.Customers.Projector.Status().ShouldAllBe(shard => shard.LagEvents == 0 && shard.Fault == null);
    }

    private static async Task<long> SumAsync(Stage stage, Guid customer, ReadConsistency consistency) =>
        (await stage.Reads.Queries.GetCustomerAsync(customer, consistency, default)).ShouldNotBeNull()
            .Customer.Accounts.Sum(account => account.PostedMinor);

    private static Task<TransactionPage> SearchAsync(Stage stage, Guid customer, string? words) =>
        stage.Reads.Queries.SearchTransactionsAsync(
            customer, ReadConsistency.Eventual, null, null, words, null, 10, default);

    private sealed class HalfBrokenLog(ILog log, Exception fault) : ForgetfulLog(log)
    {
        public bool IsBroken { get; set; }

        public override ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
            string topic, int partition, long afterOffset, int limit, CancellationToken cancel) =>
            IsBroken && partition == 0
                ? throw fault
                : base.ReadAsync(topic, partition, afterOffset, limit, cancel);

        public override ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel) =>
            IsBroken && records.Any(record => record.Partition == 0)
                ? throw fault
                : base.AppendAsync(records, cancel);
    }
}
