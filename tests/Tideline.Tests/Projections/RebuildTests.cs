using Tideline.Projections;

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
        var status = await stage.Host.Rebuild.RunAsync(force: false, default);
        (status.Phase, status.Compared, status.Differing).ShouldBe(("switched", 6L, 0L));
        stage.Host.Projector.Names.Version.ShouldBe(2);
        await stage.Bank.DepositAsync(accounts[0], 5);
        await stage.FlowAsync();
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);

        await stage.RestartAsync();
        stage.Host.Projector.Names.Version.ShouldBe(2);
        await stage.Host.Rebuild.RollBackAsync(default);
        stage.Host.Projector.Names.Version.ShouldBe(1);
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_005);
    }

    [Fact]
    public async Task A_rebuild_that_differs_is_refused_unless_forced()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, _) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => document with { Name = "Eve" });
        var refused = await stage.Host.Rebuild.RunAsync(force: false, default);
        (refused.Phase, refused.Differing).ShouldBe(("refused", 1L));
        refused.DifferingIds.ShouldBe([ada.ToString()]);
        (await stage.ViewAsync(ada))!.Name.ShouldBe("Eve");
        (await stage.Host.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched");
        (await stage.ViewAsync(ada))!.Name.ShouldBe("Ada");
    }

    [Fact]
    public async Task A_rebuild_that_was_interrupted_goes_on_after_a_restart()
    {
        await using var stage = await Stage.OpenAsync();
        await stage.CustomerAsync();
        await stage.FlowAsync();
        using var crash = new CancellationTokenSource();
        await crash.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => stage.Host.Rebuild.RunAsync(force: false, crash.Token));
        await stage.RestartAsync();
        (await stage.Host.Rebuild.RunAsync(force: false, default)).Phase.ShouldBe("switched");
        await Should.NotThrowAsync(() => stage.Host.Rebuild.RunAsync(force: false, default));
        stage.Host.Projector.Active.ShouldBe(new ActiveViews(3, 2, Fold.SchemaVersion));
    }

    [Fact]
    public async Task A_rebuild_heals_what_waited_as_dead_letters()
    {
        await using var stage = await Stage.OpenAsync();
        var (ada, accounts) = await stage.CustomerAsync();
        await stage.FlowAsync();
        await stage.TamperAsync(ada, document => document with { Clock = new SortedList<Guid, long>(document.Clock) { [accounts[0]] = 1 } });
        await stage.RestartAsync();
        await stage.Bank.DepositAsync(accounts[0], 1);
        await stage.FlowAsync();
        stage.Host.DeadLetters.List().Count.ShouldBe(1);
        var status = await stage.Host.Rebuild.RunAsync(force: false, default);
        (status.Phase, status.Blocked).ShouldBe(("switched", 1L));
        stage.Host.DeadLetters.List().ShouldBeEmpty();
        (await stage.ViewAsync(ada))!.Accounts.Sum(account => account.PostedMinor).ShouldBe(20_001);
    }
}
