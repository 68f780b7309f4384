using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services.Accounts.Views;

namespace Tideline.Tests.Projections;

/// <summary>What a read may believe while another version of the views comes to answer.</summary>
public sealed class VersionSwitchTests
{
    private static readonly ProjectionDefinition s_customers = CustomersProjection.Definition;

    [Fact]
    public async Task A_follower_releases_nobody_before_it_reads_the_version_that_healed_him()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        var deposit = await stage.Bank.DepositAsync(accounts[0], 5);
        stage.Sql("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB)");
        await stage.RestartAsync();
        await stage.FlowAsync();
        stage.Customers.DeadLetters.List().ShouldHaveSingleItem();
        await stage.RestoreAsync(ada, accounts);
        var (views, hooks) = HookedViews.Around(stage.Views);
        await using var other = await OtherProcess.StartAsync(stage, owns: false, views);
        other.Customers.DeadLetters.List().ShouldHaveSingleItem();

        hooks.BeforeState = (s_customers.State("deadletters"),
            async () => (await stage.Customers.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched"));
        await other.Customers.Projector.FollowAsync(default);

        hooks.BeforeState.ShouldBeNull();
        var token = ReadConsistency.Session([deposit.Position]);
        var read = (await other.Reads.Queries.GetCustomerAsync(ada, token, default)).ShouldNotBeNull();
        read.Customer.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);
        await other.Customers.Projector.FollowAsync(default);
        other.Customers.Projector.Names.Version.ShouldBe(2);
        other.Customers.DeadLetters.List().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_place_of_a_lost_version_is_not_believed_of_the_one_in_its_stead()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        var deposit = await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.FlowAsync();
        var (views, hooks) = HookedViews.Around(stage.Views);
        await using var host = await ProjectionHost.CreateAsync(
            [s_customers], stage.Bank.Ledger, stage.Log, views, stage.Bank.Time, NullLoggerFactory.Instance, default);
        var reads = CustomerViews.Create(Stage.ReadsOf(stage.Bank.Ledger, host, views, stage.Bank.Time));
        stage.Sql("DELETE FROM tl_watermarks");

        CustomerRead? read = null;
        hooks.BeforePublish = async () =>
        {
            await stage.RestoreAsync(ada, accounts, "customers_v2");
            read = await reads.Queries.GetCustomerAsync(
                ada, ReadConsistency.Session([deposit.Position]), default);
        };
        await host["customers"].Projector.MendLostAsync(default);

        host["customers"].Projector.Names.Version.ShouldBe(2);
        read.ShouldNotBeNull().Customer.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);
    }

    [Fact]
    public async Task A_rebuild_whose_version_was_lost_under_way_fails()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        var names = await new RebuildVersion(stage.Customers.Projector, stage.Views).BeginAsync(default);
        var built = new ViewCatchUp(stage.Bank.Ledger, stage.Views, names, stage.Customers.Letters);
        await built.StepAsync(0, 2, default);

        stage.Sql("DELETE FROM tl_watermarks");
        stage.Sql("DELETE FROM c_customers_v2");

        (await Should.ThrowAsync<TidelineException>(() => built.StepAsync(0, 3, default)))
            .Code.ShouldBe(ErrorCode.NotFound);
    }

    [Fact]
    public async Task Views_lost_whole_are_begun_by_the_next_owner_under_another_number()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        foreach (var name in await stage.Views.ListCollectionsAsync(default))
            await stage.Views.DropCollectionAsync(name, default);
        stage.Sql("DELETE FROM tl_watermarks");
        stage.Sql("DELETE FROM tl_states");

        await using var heir = await OtherProcess.StartAsync(stage, owns: true);

        heir.Customers.Projector.Names.Version.ShouldBe((int)heir.Customers.Projector.Epoch);
        heir.Customers.Projector.Names.Version.ShouldNotBe(1);
    }
}
