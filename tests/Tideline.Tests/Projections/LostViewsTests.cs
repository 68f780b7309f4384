using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Queries;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Projections;

public sealed class LostViewsTests : IDisposable
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_views_file_deleted_while_stopped_comes_back_by_itself()
    {
        Guid customer;
        await using (var node = await StartAsync())
        {
            customer = (await node.Ledger.ExecuteAsync(
                new CreateCustomer(node.Ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), Cancel)).Subject;
            var account = await node.Ledger.ExecuteAsync(
                new OpenAccount(node.Ledger.Ids.Next(), customer, Bank.Eur, 0, null), Cancel);
            for (var at = 0; at < 20; at++) await node.Ledger.ExecuteAsync(
                new Deposit(node.Ledger.Ids.Next(), account.Subject, new Money(5, Bank.Eur), null), Cancel);
            await CaughtUpAsync(node);
        }

        foreach (var file in Directory.GetFiles(Path.Combine(_folder, "views"))) File.Delete(file);
        await using var again = await StartAsync();
        // Nothing new happens: what is there already must be enough.
        await CaughtUpAsync(again);
        var read = (await again.Services.Of<AccountsService>().Views!.Queries.GetCustomerAsync(
            customer, ReadConsistency.Eventual, Cancel))
            .ShouldNotBeNull();
        read.Customer.Accounts.ShouldHaveSingleItem().PostedMinor.ShouldBe(100);
        again.Projections["customers"].Projector.Status().ShouldAllBe(status => status.Healthy && status.LagMs == 0);
        (await again.Verifier.VerifyAsync(deep: true, Cancel)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
    }

    // Without a write, found by the simulation (seed 220): nothing met the loss.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task Views_that_are_emptied_under_a_running_node_come_back_by_themselves(
        bool isWritten, bool isDropped)
    {
        await using var node = await StartAsync();
        var customer = (await node.Ledger.ExecuteAsync(
            new CreateCustomer(node.Ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), Cancel)).Subject;
        var account = (await node.Ledger.ExecuteAsync(
            new OpenAccount(node.Ledger.Ids.Next(), customer, Bank.Eur, 0, null), Cancel)).Subject;
        await DepositAsync(node, account);
        await CaughtUpAsync(node);

        Empty(Path.Combine(_folder, "views", "views.db"), isDropped);

        if (isWritten) await DepositAsync(node, account);
        IReadOnlyList<string> broken = ["not asked yet"];
        for (var ask = 0; ask < 200 && broken.Count > 0; ask++)
        {
            await Task.Delay(100, Cancel);
            broken = [.. (await node.Verifier.VerifyAsync(deep: true, Cancel)).Checks
                .Where(check => !check.Ok).Select(check => $"{check.Name}: {check.Detail}")];
            if (node.Projections.All.Any(each => each.Projector.Names.Version == 1)) broken = ["an old version"];
        }

        broken.ShouldBeEmpty();
        await CaughtUpAsync(node);
        // Found by the simulation (seed 154): what could not be folded upon nothing waited for ever.
        node.Projections.All.SelectMany(each => each.DeadLetters.List()).ShouldBeEmpty();
    }

    // An attacker's: the node went on with a file that had no name any more, and forgot all views at its end.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Views_that_are_removed_or_put_back_on_disk_under_a_running_node_come_back(bool isPutBack)
    {
        var views = Path.Combine(_folder, "views");
        Guid account;
        await using (var before = await StartAsync())
        {
            var customer = (await before.Ledger.ExecuteAsync(
                new CreateCustomer(before.Ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), Cancel)).Subject;
            account = (await before.Ledger.ExecuteAsync(
                new OpenAccount(before.Ledger.Ids.Next(), customer, Bank.Eur, 0, null), Cancel)).Subject;
            await DepositAsync(before, account);
            await CaughtUpAsync(before);
        }

        var copy = Path.Combine(_folder, "copy.db");
        File.Copy(Path.Combine(views, "views.db"), copy);
        await using var node = await StartAsync();
        await DepositAsync(node, account);
        await CaughtUpAsync(node);

        Directory.Delete(views, recursive: true);
        if (isPutBack)
        {
            Directory.CreateDirectory(views);
            File.Copy(copy, Path.Combine(views, "views.db"));
        }

        IReadOnlyList<string> broken = ["not asked yet"];
        for (var ask = 0; ask < 200 && broken.Count > 0; ask++)
        {
            await Task.Delay(100, Cancel);
            broken = [.. (await node.Verifier.VerifyAsync(deep: true, Cancel)).Checks
                .Where(check => !check.Ok).Select(check => $"{check.Name}: {check.Detail}")];
            if (!File.Exists(Path.Combine(views, "views.db"))) broken = ["no file"];
        }

        broken.ShouldBeEmpty();
        await DepositAsync(node, account);
        await CaughtUpAsync(node);
        (await node.Verifier.VerifyAsync(deep: true, Cancel)).Checks.Where(check => !check.Ok).ShouldBeEmpty();
    }

    private static async Task DepositAsync(TidelineNode node, Guid account)
    {
        for (var at = 0; at < 20; at++)
            await node.Ledger.ExecuteAsync(
                new Deposit(node.Ledger.Ids.Next(), account, new Money(5, Bank.Eur), null), Cancel);
    }

    // As after a restart of a store that kept everything in memory.
    private static void Empty(string path, bool isDropped)
    {
        using var file = SqliteDatabase.OpenWriter(path);
        var what = isDropped ? "DROP TABLE" : "DELETE FROM";
        foreach (var projection in (string[])["customers", "transactions", "events", "analytics"])
            file.Execute($"{what} \"c_{projection}_v1\"");
        foreach (var table in (string[])["tl_watermarks", "tl_states"]) file.Execute($"{what} {table}");
    }

    private Task<TidelineNode> StartAsync() =>
        TidelineNode.StartAsync(new NodeOptions { DataDirectory = _folder, Shards = 2 }, Cancel);

    private static async Task CaughtUpAsync(TidelineNode node)
    {
        for (var shard = 0; shard < 2; shard++)
            (await node.Projections["customers"].Projector.WaitForAsync(
                shard, node.Ledger.CommittedHead(shard).EventSeq, TimeSpan.FromSeconds(20), Cancel)).ShouldBeTrue();
    }
}
