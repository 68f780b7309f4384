using System.Text.Json;
using Tideline.Engines.Views.Sqlite;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;

namespace Tideline.Tests.Backup;

/// <summary>
/// An older ledger under a log that goes on: what the views said of the time that was taken back does not count.
/// </summary>
public sealed class ViewsAfterRestoreTests
{
    [Fact]
    public async Task Dead_letters_of_events_that_were_taken_back_are_gone_and_new_ones_wait_as_letters()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var (ada, account) = await AdaAsync(stage);
        await stage.KeepLedgerAsync();
        await BreakClockAsync(stage, ada, account, -1);
        // A letter that an operator gave up, two that wait, and a customer who is held and will not be there.
        for (var at = 0; at < 3; at++) await stage.DepositAsync(account, 7);
        await stage.LevelAsync();
        (await stage.Node.Projections["customers"].DeadLetters.DiscardAsync(ada.ToString(), firstOnly: true, "a test",
            default)).ShouldBe(1);
        stage.Node.Projections["customers"].DeadLetters.List().ShouldHaveSingleItem().Letters.ShouldBe(2);
        var gone = stage.Node.Ledger.Ids.Next();
        await stage.Node.Projections["customers"].Letters.HoldAsync(new Dictionary<string,
            string>
        { [gone.ToString()] = "a test" }, default);
        await stage.PutLedgerBackAsync();

        await stage.LevelAsync();
        stage.Node.Projections["customers"].DeadLetters.List().ShouldBeEmpty();
        (await Should.ThrowAsync<TidelineException>(
            () => stage.Node.Projections["customers"].DeadLetters.ReplayAsync(ada.ToString(), dryRun: true, default)))
                .Code.ShouldBe(
                ErrorCode.NotFound);
        await stage.VerifyAsync();

        // At the positions of the letters that were taken back.
        await stage.StopAsync();
        await BreakClockAsync(stage, ada, account, -1);
        await stage.DepositAsync(account, 1);
        await stage.DepositAsync(account, 1);
        await stage.LevelAsync();
        stage.Node.Projections["customers"].DeadLetters.List().ShouldHaveSingleItem().Letters.ShouldBe(2);
        var happened = await stage.Node.Ledger.Reader(0).GetEventsAsync(0, 100, default);
        var sources = new SourceHistory(stage.Node.Ledger.Epochs);
        happened.Select(each => ProjectedEvent.From(each, sources)).ShouldAllBe(
            each => !stage.Node.Projections["customers"].Letters.IsGivenUp(ada.ToString(), each));
        await stage.StopAsync();
        await BreakClockAsync(stage, ada, account, +1);
        var replayed = await stage.Node.Projections["customers"].DeadLetters.ReplayAsync(ada.ToString(),
            dryRun: false, default);
        (replayed.Applied, replayed.Reason).ShouldBe((2, null));
        ViewJson.Customer(replayed.After).Accounts.Single().PostedMinor.ShouldBe(102);
        await stage.VerifyAsync();
    }

    [Fact]
    public async Task A_customer_who_is_held_and_still_there_stays_held()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var (ada, account) = await AdaAsync(stage);
        await stage.LevelAsync();
        await stage.Node.Projections["customers"].Letters.HoldAsync(new Dictionary<string,
            string>
        { [ada.ToString()] = "a test" }, default);
        await stage.KeepLedgerAsync();
        await stage.OpenAsync();
        await stage.PutLedgerBackAsync();
        stage.Node.Projections["customers"].DeadLetters.List().ShouldHaveSingleItem().Key.ShouldBe(ada.ToString());
    }

    [Fact]
    public async Task Views_are_announced_from_the_first_event_after_the_restored_ones()
    {
        await using var stage = await InstallationStage.StartAsync(1);
        var account = await stage.AccountAsync(0, 100);
        await stage.LevelAsync();
        var restored = stage.Node.Ledger.CommittedHead(0).EventSeq;
        await stage.KeepLedgerAsync();
        await stage.OpenAsync();
        for (var at = 0; at < 5; at++) await stage.DepositAsync(account, 7);
        await stage.LevelAsync();
        await stage.PutLedgerBackAsync();

        var before = await stage.Node.Log.GetHeadAsync(Topics.CustomerEvents, 0, default);
        await stage.DepositAsync(account, 1);
        await stage.Node.Log.WaitAsync(Topics.CustomerEvents, 0, before, TimeSpan.FromSeconds(30), default);
        var said = (await stage.Node.Log.ReadAsync(Topics.CustomerEvents, 0, before, 10, default))
            .ShouldHaveSingleItem();
        var updated = JsonSerializer.Deserialize(said.Data.Span, ProjectionJson.Default.ViewUpdated).ShouldNotBeNull();
        (updated.Epoch, updated.FromSeq, updated.ThroughSeq).ShouldBe(
            (stage.Node.Ledger.InstallationEpoch, restored + 1, restored + 1));
    }

    private static async Task<(Guid Customer, Guid Account)> AdaAsync(InstallationStage stage)
    {
        var account = await stage.AccountAsync(0, 100);
        return ((await stage.Node.Ledger.ReaderOf(account).GetAccountAsync(account, default))!.CustomerId, account);
    }

    // As a careless hand would, while nothing runs: the next event of the account does not follow, or does again.
    private static async Task BreakClockAsync(InstallationStage stage, Guid customer, Guid account, int by)
    {
        await using (var views = SqliteViewStore.Open(stage.Data))
        {
            var names = new ViewNames(CustomersProjection.Definition, (await ActiveViews.LoadAsync(
                views, CustomersProjection.Definition, default))!.Version);
            var stored = (await views.ReadAsync(names.Documents, [customer.ToString()], default))
                .ShouldHaveSingleItem();
            var document = ViewJson.Customer(stored.Json);
            var clock = new SortedList<Guid, long>(document.Clock) { [account] = document.Clock[account] + by };
            var write = CustomersProjection.Write(document with { Clock = clock }, stored.Revision);
            (await views.WriteAsync(names.Documents, [write], default)).ShouldBe([true]);
        }

        await stage.OpenAsync();
    }
}
