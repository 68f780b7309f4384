using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services.Accounts.Views;

namespace Tideline.Tests.Projections;

/// <summary>
/// I10, and the fence: what a process that does not build the views answers, and what one that no longer does may still
/// write.
/// </summary>
public sealed class OtherProcessTests
{
    [Fact]
    public async Task A_process_that_does_not_build_the_views_knows_who_is_blocked_before_it_believes_a_watermark()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var deposit = await stage.Bank.DepositAsync(accounts[0], 5);
        await using var other = await OtherProcess.StartAsync(stage, owns: false);
        stage.Sql("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB)");
        await stage.RestartAsync();
        await stage.FlowAsync();
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem().Key.ShouldBe(ada.ToString());
        // The document is as old as before, and in order again: nothing about it says that an event is missing.
        await stage.Customers.DeadLetters.ReplayAsync(ada.ToString(), dryRun: true, default);
        await stage.RestoreAsync(ada, accounts);

        await other.Customers.Projector.FollowAsync(default);
        other.Customers.Projector.Watermark(0).ShouldBe(other.Ledger.CommittedHead(0).EventSeq);
        other.Customers.DeadLetters.List().ShouldHaveSingleItem().Key.ShouldBe(ada.ToString());
        var token = ReadConsistency.Session([deposit.Position]);
        var read = (await other.Reads.Queries.GetCustomerAsync(ada, token, default)).ShouldNotBeNull();
        (read.ServedBy, read.Customer.Accounts.Sum(account => account.PostedMinor))
            .ShouldBe((ServedBy.Ledger, 20_005L));

        // Built anew, the customer is answered from the views again, there too.
        (await stage.Customers.Repair.RepairAsync(ada.ToString(), default)).Reason.ShouldBeNull();
        await other.Customers.Projector.FollowAsync(default);
        read = (await other.Reads.Queries.GetCustomerAsync(ada, token, default)).ShouldNotBeNull();
        (read.ServedBy, read.Customer.Accounts.Sum(account => account.PostedMinor)).ShouldBe((ServedBy.View, 20_005L));
    }

    [Fact]
    public async Task A_builder_that_stood_still_cannot_switch_the_views_of_its_successor()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        var old = stage.Customers;
        var epoch = old.Projector.Epoch;
        var begun = await new RebuildVersion(old.Projector, stage.Views).ReserveAsync(default);
        await new ViewNames(CustomersProjection.Definition, begun).EnsureAsync(stage.Views, default);
        await using var heir = await OtherProcess.StartAsync(stage, owns: true);
        heir.Customers.Projector.Epoch.ShouldBeGreaterThan(epoch);

        (await Should.ThrowAsync<TidelineException>(() => old.Projector.SwitchAsync(begun, epoch, default)))
            .Code.ShouldBe(ErrorCode.NotOwner);
        (await Should.ThrowAsync<TidelineException>(() => old.Rebuild.RunAsync(force: true, default)))
            .Code.ShouldBe(ErrorCode.NotOwner);
        (await ActiveViews.LoadAsync(stage.Views, CustomersProjection.Definition, default)).ShouldNotBeNull()
            .Version.ShouldBe(1);
        // Its own rebuild takes another number than the one that the old builder may still be working at.
        (await heir.Customers.Rebuild.RunAsync(force: false, default)).Version.ShouldBeGreaterThan(begun);
    }

    [Fact]
    public async Task A_builder_that_stood_still_moves_no_watermark_and_settles_no_letter_of_its_successor()
    {
        await using var stage = await Stage.OpenAsync();
        var (_, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var held = await stage.Views.GetWatermarkAsync("customers_v1", 0, default);
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync(project: false);
        await using var heir = await OtherProcess.StartAsync(stage, owns: true);

        // The old builder wakes up within its pass.
        await stage.Customers.Projector.PassAsync(default);
        stage.Customers.Projector.Status()[0].Fault.ShouldNotBeNull().ShouldContain("epoch");
        (await stage.Views.GetWatermarkAsync("customers_v1", 0, default)).ShouldBe(held);
        var hold = new Dictionary<string, string> { [accounts[0].ToString()] = "test" };
        (await Should.ThrowAsync<TidelineException>(() => stage.Customers.Letters.HoldAsync(hold, default)))
            .Code.ShouldBe(ErrorCode.NotOwner);
        while (await heir.Customers.Projector.PassAsync(default) > 0)
        {
        }

        (await stage.Views.GetWatermarkAsync("customers_v1", 0, default)).Seq.ShouldBe(held.Seq + 1);
    }

    [Fact]
    public async Task A_builder_that_stood_still_repairs_no_document_of_its_successor()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await using var heir = await OtherProcess.StartAsync(stage, owns: true);
        var before = await stage.Views.ReadAsync("customers_v1", [ada.ToString()], default);
        (await Should.ThrowAsync<TidelineException>(
            () => stage.Customers.Repair.RepairAsync(ada.ToString(), default))).Code.ShouldBe(ErrorCode.NotOwner);
        (await stage.Views.ReadAsync("customers_v1", [ada.ToString()], default))[0].Revision
            .ShouldBe(before[0].Revision);
        (await heir.Customers.Repair.RepairAsync(ada.ToString(), default)).Reason.ShouldBeNull();
    }

    // Found by the simulation (seed 56): the log was away, so the views could not be taken over, and the repair built
    // the document up to watermarks from before.
    [Fact]
    public async Task A_process_that_has_not_taken_the_views_over_yet_repairs_no_document()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.Customers.Projector.FollowAsync(default);
        await stage.Bank.DepositAsync(accounts[0], 5);
        (await Should.ThrowAsync<TidelineException>(
            () => stage.Customers.Repair.RepairAsync(ada.ToString(), default)))
            .Code.ShouldBe(ErrorCode.StorageUnavailable);
    }

    [Fact]
    public async Task An_epoch_in_the_views_that_the_ledger_never_gave_is_written_over()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        stage.Sql("UPDATE tl_watermarks SET epoch = 1000000");
        stage.Sql("UPDATE tl_states SET epoch = 1000000");
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.FlowAsync();
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);
        (await stage.Customers.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
    }

    [Fact]
    public async Task A_process_that_does_not_build_the_views_believes_no_watermark_beyond_the_ledger()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var deposit = await stage.Bank.DepositAsync(accounts[0], 5);
        await using var other = await OtherProcess.StartAsync(stage, owns: false);
        stage.Sql("UPDATE tl_watermarks SET seq = 1000000");
        await other.Customers.Projector.FollowAsync(default);
        var read =
            (await other.Reads.Queries.GetCustomerAsync(ada, ReadConsistency.Session([deposit.Position]), default))
            .ShouldNotBeNull();
        read.Customer.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);
        other.Customers.Projector.Status()[0].Fault.ShouldNotBeNull().ShouldContain("1000000");
    }

    // The version is another one, and where it stands cannot be read: what was known of the one before says nothing.
}
