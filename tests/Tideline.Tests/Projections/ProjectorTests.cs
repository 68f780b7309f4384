using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Sagas.Transactions;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tests.Log;

namespace Tideline.Tests.Projections;

public sealed class ProjectorTests
{
    [Fact]
    public async Task The_view_is_what_the_ledger_says()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, ofAda) = await stage.CustomerAsync();
        var (ben, ofBen) = await stage.CustomerAsync();
        for (var at = 0; at < 15; at++) await stage.Bank.Payments.TransferAsync(
            stage.Bank.Transfer(ofAda[at % 2], ofBen[at % 2], 10 + at), default);
        await stage.FlowAsync();
        foreach (var customer in new[] { ada, ben })
        {
            var strong = (await stage.Reads.Queries.GetCustomerAsync(customer, ReadConsistency.Strong, default))
                .ShouldNotBeNull();
            strong.ServedBy.ShouldBe(ServedBy.Ledger);
            Stage.Json(await stage.ViewAsync(customer)).ShouldBe(Stage.Json(strong.Customer));
        }

        stage.Customers.Projector.Status()
            .ShouldAllBe(status => status.Healthy && status.LagEvents == 0 && status.LagMs == 0);
    }

    [Fact]
    public async Task Several_entries_of_a_transaction_on_one_account_are_several_movements()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, ofAda) = await stage.CustomerAsync();
        var (_, ofBen) = await stage.CustomerAsync();
        var order = new TransactionOrder
        {
            Legs = [new(ofAda[0], -30, "EUR"), new(ofAda[0], -12, "EUR"), new(ofBen[0], 42, "EUR")],
        };
        var post = new PostTransaction(stage.Bank.Ledger.NextIdBeside(ofAda[0]), order);
        (await stage.Bank.Ledger.ExecuteAsync(post, default)).Refusal.ShouldBeNull();
        await stage.FlowAsync();
        var page = await stage.Reads.Queries.SearchTransactionsAsync(
            ada, ReadConsistency.Strong, null, null, "journal", null, 10, default);
        page.Transactions.Select(movement => (movement.AmountMinor, movement.BalanceAfterMinor))
            .ShouldBe([(-12, 9_958), (-30, 9_970)]);
    }

    [Fact]
    public async Task Folding_everything_again_changes_no_document()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var before = await stage.StoredAsync(ada);
        // As if the crash had come before the watermark and the offset.
        for (var shard = 0; shard < 2; shard++)
        {
            await stage.Views.SetWatermarkAsync(
                stage.Customers.Projector.Names.Projection, shard, default, stage.Bank.Ledger.OwnedEpoch(0), default);
            await stage.Log.CommitAsync(ProjectionFeed.Group, Topics.AccountEvents, shard, 0, default);
        }

        await stage.RestartAsync();
        await stage.ProjectAsync();
        (await stage.StoredAsync(ada)).Revision.ShouldBe(before.Revision);
        stage.Customers.Projector.Watermark(0).ShouldBe(stage.Bank.Ledger.CommittedHead(0).EventSeq);
    }

    [Fact]
    public async Task A_document_that_somebody_else_wrote_is_read_and_folded_anew()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => document.WithProfile(
            new CustomerProfile("Ada", "new@example.com", "DE").ToPart(ada).Data));
        await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.FlowAsync();
        var view = (await stage.ViewAsync(ada)).ShouldNotBeNull();
        view.ReadProfile()!.Email.ShouldBe("new@example.com");
        view.Accounts.Single(account => account.AccountId == accounts[0]).PostedMinor.ShouldBe(10_005);
    }

    [Fact]
    public async Task Every_position_is_announced_once_though_the_projector_restarts()
    {
        await using var stage = await Stage.OpenAsync();
        for (var round = 0; round < 3; round++)
        {
            await stage.CustomerAsync();
            await stage.FlowAsync();
            await stage.RestartAsync();
            await stage.ProjectAsync();
        }

        for (var shard = 0; shard < 2; shard++)
        {
            var through = 0L;
            foreach (var record in await stage.Log.ReadAsync(Topics.CustomerEvents, shard, 0, 100, default))
            {
                var said = JsonSerializer.Deserialize(record.Data.Span, ProjectionJson.Default.ViewUpdated)
                    .ShouldNotBeNull();
                said.FromSeq.ShouldBe(through + 1);
                through = said.ThroughSeq;
            }

            through.ShouldBe(stage.Bank.Ledger.CommittedHead(shard).EventSeq);
        }
    }

    [Fact]
    public async Task Views_that_were_lost_come_back_from_the_ledger_when_the_log_has_forgotten()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync(project: false);
        // The log begins after what the views need.
        await stage.RestartAsync(new ForgetfulLog(stage.Log, firstOffset: 3));
        await stage.ProjectAsync();
        stage.Customers.Projector.Status().ShouldAllBe(status => status.LagEvents == 0);
        (await stage.ViewAsync(ada)).ShouldNotBeNull().Accounts.Length.ShouldBe(2);
    }

    [Theory]
    [InlineData(ErrorCode.Corrupt)]
    [InlineData(ErrorCode.StorageUnavailable)]
    public async Task A_shard_whose_log_cannot_be_read_stops_no_other_and_says_so(ErrorCode code)
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync(project: false);
        var log = new RefusingLog(stage.Log) { RefusesReads = partition => partition == 0, Code = code };
        await stage.RestartAsync(log);
        await stage.ProjectAsync();
        var status = stage.Customers.Projector.Status();
        (status[0].Healthy, status[0].Fault, status[0].Watermark).ShouldBe((false, "It cannot be read.", 0));
        (status[1].Healthy, status[1].Watermark).ShouldBe((true, stage.Bank.Ledger.CommittedHead(1).EventSeq));

        log.RefusesReads = _ => false;
        // A shard that failed rests before it is tried again.
        for (var tries = 0; tries < 600 && stage.Customers.Projector.Status()
            .Any(shard => shard.LagEvents > 0); tries++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            await stage.ProjectAsync();
        }

        stage.Customers.Projector.Status().ShouldAllBe(shard => shard.Healthy && shard.LagEvents == 0);
    }

    [Fact]
    public async Task A_lost_event_stops_its_shard_and_says_so()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        var reached = stage.Customers.Projector.Watermark(0);
        await stage.RestartAsync(new ForgetfulLog(stage.Log, hiddenOffset: reached + 2));
        await stage.CustomerAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        var status = stage.Customers.Projector.Status()[0];
        status.Healthy.ShouldBeFalse();
        status.Fault.ShouldNotBeNull().ShouldContain("lost");
        status.Watermark.ShouldBe(reached);
        stage.Customers.Projector.Status()[1].LagEvents.ShouldBe(0);
    }

    [Fact]
    public async Task A_watermark_that_stands_still_with_work_is_unhealthy_and_idle_is_healthy()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var stage = await Stage.OpenAsync(time);
        await stage.CustomerAsync();
        await stage.FlowAsync();
        time.Advance(TimeSpan.FromMinutes(5));
        stage.Customers.Projector.Status().ShouldAllBe(status => status.Healthy && status.LagMs == 0);
        await stage.CustomerAsync();
        time.Advance(TimeSpan.FromSeconds(6));
        stage.Customers.Projector.Status().ShouldContain(status => !status.Healthy && status.LagMs == 6_000);
        await stage.FlowAsync();
        stage.Customers.Projector.Status().ShouldAllBe(status => status.Healthy);
    }

    [Fact]
    public async Task Lag_is_the_age_of_the_oldest_event_that_is_missing_even_when_the_views_were_lost()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var stage = await Stage.OpenAsync(time);
        await stage.CustomerAsync();
        time.Advance(TimeSpan.FromSeconds(10));
        await stage.CustomerAsync();
        await stage.FlowAsync();
        for (var shard = 0; shard < 2; shard++)
            await stage.Views.SetWatermarkAsync(
                stage.Customers.Projector.Names.Projection, shard, default, stage.Bank.Ledger.OwnedEpoch(0), default);
        time.Advance(TimeSpan.FromSeconds(5));
        await stage.RestartAsync();
        stage.Customers.Projector.Status().ShouldAllBe(status => status.LagEvents > 0 && status.LagMs == 15_000);
        await stage.ProjectAsync();
        stage.Customers.Projector.Status().ShouldAllBe(status => status.LagMs == 0);
        await stage.CustomerAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        stage.Customers.Projector.Status().ShouldAllBe(status => status.LagMs == 1_000);
    }

    [Fact]
    public async Task Old_days_leave_stored_documents_by_the_aging_pass()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var stage = await Stage.OpenAsync(time);
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        (await stage.ViewAsync(ada))!.Transactions.Last30Days.Count.ShouldBe(2);
        time.Advance(TimeSpan.FromDays(30));
        var read = await stage.Reads.Queries.GetCustomerAsync(ada, ReadConsistency.Eventual, default);
        read.ShouldNotBeNull().Customer.Transactions.Last30Days.Count.ShouldBe(0);
        (await stage.Reads.Aging.RunAsync(default)).ShouldBe(1);
        (await stage.Reads.Aging.RunAsync(default)).ShouldBe(0);
        (await stage.ViewAsync(ada))!.Transactions.Last30Days.Count.ShouldBe(0);
    }
}
