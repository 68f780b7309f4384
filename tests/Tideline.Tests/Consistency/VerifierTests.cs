using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Consistency;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Engines.Views.Sqlite;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Services.Accounts;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Consistency;

public sealed class VerifierTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private Bank _bank = null!;
    private SqliteLog _log = null!;
    private SqliteViewStore _views = null!;
    private ProjectionHost _projections = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bank = await Bank.OpenAsync(shards: 1, folder: _folder);
        _log = SqliteLog.Open(_folder, TimeProvider.System);
        var (from, to) = (await _bank.AccountAsync(0, balanceMinor: 10_000), await _bank.AccountAsync(0));
        await _bank.Payments.TransferAsync(_bank.Transfer(from, to, 250), Cancel);
        var events = await _bank.Ledger.Reader(0).GetEventsAsync(0, 100, Cancel);
        await _log.AppendAsync([.. events.Select(Record)], Cancel);
        _views = SqliteViewStore.Open(_folder);
        _projections = await ProjectionHost.CreateAsync(
            BankServices.Projections, _bank.Ledger, _log, _views, TimeProvider.System, NullLoggerFactory.Instance,
                Cancel);
        await PassAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _projections.DisposeAsync();
        await _views.DisposeAsync();
        await _log.DisposeAsync();
        await _bank.DisposeAsync();
    }

    [Fact]
    public async Task A_sound_installation_passes_every_check()
    {
        // The ledger may be ahead of the log at any moment.
        await _bank.AccountAsync(0, balanceMinor: 1);
        var report = await VerifyAsync(deep: false);
        report.Checks.Where(check => !check.Ok).ShouldBeEmpty();
        (report.Ok, report.Checks.Count).ShouldBe((true, 9 + _projections.All.Count));
    }

    [Theory]
    [InlineData(
        "UPDATE accounts SET balance = balance + 1 WHERE balance = 250",
        "I1", "the EUR balances add up to 1 minor units")]
    [InlineData("UPDATE accounts SET balance = balance + 1 WHERE balance = 250",
        "I2", "posted is 251, but its entries add up to 250")]
    [InlineData("UPDATE events SET version = version + 1 WHERE event_seq = 3",
        "I7", "Event 0:3 is not the same on the log")]
    [InlineData("DELETE FROM events WHERE event_seq = 7", "I7", "Event 0:7 is on the log, but not in the ledger")]
    [InlineData("UPDATE transactions SET amount = 251 WHERE amount = 250", "I9", "differs from its entries")]
    [InlineData(
        "DELETE FROM events WHERE event_seq > 5",
        "I8", "customers is at 0:7, but the newest event of the ledger is 0:5")]
    public Task A_change_to_the_ledger_breaks_its_check(string tampering, string invariant, string finding) =>
        ShouldBeFoundAsync("ledger/shard-0.db", tampering, invariant, finding, deep: false);

    [Theory]
    [InlineData(
        "DELETE FROM records WHERE position = 3", "Log offset 4 of shard 0 holds event 4 where event 3 should stand")]
    [InlineData("DELETE FROM records WHERE position = 7", "The log of shard 0 ends at offset 6, before its head 7")]
    [InlineData("UPDATE records SET data = CAST(replace(data, 'EUR', 'USD') AS BLOB) WHERE position = 2",
        "Event 0:2 is not the same on the log")]
    [InlineData("UPDATE records SET time_us = time_us + 1 WHERE position = 5", "Event 0:5 is not the same on the log")]
    public Task A_change_to_the_log_breaks_its_check(string tampering, string finding) =>
        ShouldBeFoundAsync("log/log.db", tampering, "I7", finding, deep: true);

    [Theory]
    [InlineData("UPDATE c_customers_v1 SET json = CAST(replace(json, '9750', '9751') AS BLOB)",
        "is not the fold of its events", false)]
    [InlineData("UPDATE c_customers_v1 SET json = CAST(replace(json, '\"emailKey\":\"', '\"emailKey\":\"0') AS "
        + "BLOB)", "is not the fold of its events", true)]
    [InlineData("UPDATE c_customers_v1 SET json = CAST('{' AS BLOB)", "is damaged: it cannot be read", false)]
    [InlineData("DELETE FROM c_customers_v1 WHERE CAST(json AS TEXT) LIKE '%9750%'",
        "is missing, though the views are past its event at 0:", false)]
    [InlineData("UPDATE c_transactions_v1 SET json = CAST(replace(json, 'rent', 'Rent') AS BLOB) WHERE CAST(json AS "
        + "TEXT) LIKE '%rent%'", "is not what its event says", false)]
    [InlineData("DELETE FROM c_transactions_v1 WHERE CAST(json AS TEXT) LIKE '%rent%'", "is missing, though", true)]
    [InlineData("UPDATE c_customers_v1 SET id = '019aad7e-0000-7000-8000-000000000001' WHERE id = (SELECT id FROM "
        + "c_customers_v1 WHERE CAST(json AS TEXT) LIKE '%9750%' LIMIT 1)",
        "Document 019aad7e-0000-7000-8000-000000000001 of customers belongs to nothing", true)]
    [InlineData("UPDATE c_transactions_v1 SET id = 'x' || id WHERE CAST(json AS TEXT) LIKE '%deposit%'",
        "of transactions belongs to nothing in the ledger", true)]
    [InlineData(
        "UPDATE c_customers_v1 SET revision = 'x'", "is damaged: another program wrote it: it has no revision", false)]
    [InlineData(
        "UPDATE c_customers_v1 SET json = CAST(replace(json, '\"profile\"', '\"profil\"') AS BLOB)",
        "is damaged: it cannot be read", false)]
    [InlineData(
        "UPDATE c_customers_v1 SET json = CAST(replace(json, '{\"customerId\"', '{\"extra\":1,\"customerId\"') AS " +
        "BLOB)", "is damaged: it cannot be read", false)]
    [InlineData("UPDATE c_customers_v1 SET id = CAST(id AS BLOB)", "was written by another program", false)]
    [InlineData("UPDATE c_transactions_v1 SET revision = 'x'", "is not what its event says", false)]
    [InlineData("DELETE FROM c_events_v1 WHERE id LIKE '%3'", "Row 0:0000000000000000003 of events", false)]
    [InlineData(
        "UPDATE c_events_v1 SET json = CAST(replace(json, 'EUR', 'USD') AS BLOB) WHERE id LIKE '%2'",
        "Row 0:0000000000000000002 of events", false)]
    [InlineData(
        "UPDATE c_events_v1 SET json = CAST('' AS BLOB) WHERE id LIKE '%2'",
        "Row 0:0000000000000000002 of events", false)]
    [InlineData(
        "INSERT INTO c_events_v1 VALUES ('0:0000000000000009999', 1, CAST('{}' AS BLOB))",
        "Document 0:0000000000000009999 of events belongs to nothing", true)]
    [InlineData(
        "INSERT INTO c_events_v1 VALUES ('mine', 1, CAST('{}' AS BLOB))", "Document mine of events belongs to nothing",
        true)]
    [InlineData(
        "UPDATE c_transactions_v1 SET \"f_bookedAtUs\" = 1", "of transactions_v1 is not found by its own fields", true)]
    [InlineData(
        "UPDATE c_customers_v1 SET \"f_emailKey\" = NULL", "of customers_v1 is not found by its own fields", true)]
    [InlineData(
        "UPDATE tl_watermarks SET seq = 900", "customers is at 0:900, but the newest event of the ledger is 0:7",
        false)]
    public Task A_change_to_the_views_breaks_its_check(string tampering, string finding, bool deep) =>
        ShouldBeFoundAsync("views/views.db", tampering, "I8", finding, deep);

    [Theory]
    [InlineData("customers")]
    [InlineData("transactions")]
    [InlineData("events")]
    public async Task A_collection_that_is_gone_is_named_with_what_heals_it(string collection)
    {
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "views", "views.db"))) database.Execute(
            $"DROP TABLE c_{collection}_v1");
        var check = (await VerifyAsync(deep: false)).Checks.Single(one => !one.Ok);
        check.Detail.ShouldContain($"no such table: c_{collection}_v1");
        check.Detail.ShouldContain(
            $"./tideline projections rebuild {(collection == "events" ? "events" : "customers")} --force");
    }

    [Fact]
    public async Task A_view_that_is_behind_is_sound()
    {
        var account = await _bank.AccountAsync(0, balanceMinor: 5);
        await _bank.DepositAsync(account, 6);
        var report = await VerifyAsync(deep: true);
        report.Checks.Where(check => !check.Ok).ShouldBeEmpty();
        var said = report.Checks.Single(check => check.Name.EndsWith(": customers", StringComparison.Ordinal)).Detail;
        // The third customer has no document yet, so there is nothing of it to compare.
        said.ShouldStartWith("2 documents and 3 rows");
        said.ShouldEndWith("; 4 events behind, not compared");
    }

    [Fact]
    public async Task A_customer_with_dead_letters_is_known_and_named()
    {
        // On the log stands an event that no fold knows; the ledger has a sound one in its place.
        var head = await _log.GetHeadAsync(Topics.AccountEvents, 0, Cancel);
        var account = await _bank.AccountAsync(0);
        var fresh = await _bank.Ledger.Reader(0).GetEventsAsync(head, 100, Cancel);
        await _log.AppendAsync([.. fresh.Select(happened => Record(happened)
            with { Type = happened.Subject == account ? "ACCOUNT_BENT" : happened.Type.Name() })], Cancel);
        await PassAsync();
        var customer = _projections["customers"].DeadLetters.List().ShouldHaveSingleItem().Key;

        var check = (await VerifyAsync(deep: true))
            .Checks.Single(one => one.Name.EndsWith(": customers", StringComparison.Ordinal));
        check.Ok.ShouldBeTrue(check.Detail);
        check.Detail.ShouldContain($"1 key behind because of dead letters: {customer}");
    }

    [Fact]
    public async Task A_sound_installation_passes_while_traffic_runs()
    {
        var folder = Path.Combine(_folder, "node");
        await using var node = await TidelineNode.StartAsync(
            new NodeOptions { DataDirectory = folder, Shards = 2 }, Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var traffic = Task.Run(() => DepositAsync(node, stop.Token), Cancel);
        for (var round = 0; round < 4; round++)
        {
            await node.Projections["customers"].Projector.WaitForAsync(0, 50 * (round + 1), TimeSpan.FromSeconds(20),
                Cancel);
            (await node.Verifier.VerifyAsync(deep: round % 2 == 1, Cancel))
                .Checks.Where(check => !check.Ok).ShouldBeEmpty();
        }

        await stop.CancelAsync();
        (await traffic).ShouldBeGreaterThan(100);
    }

    private static async Task<int> DepositAsync(TidelineNode node, CancellationToken stop)
    {
        var (done, ledger) = (0, node.Ledger);
        while (!stop.IsCancellationRequested)
        {
            var customer = await ledger.ExecuteAsync(
                new CreateCustomer(ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), default);
            var account = await ledger.ExecuteAsync(
                new OpenAccount(ledger.Ids.Next(), customer.Subject, Bank.Eur, 0, null), default);
            for (var each = 0; each < 5; each++, done++) await ledger.ExecuteAsync(
                new Deposit(ledger.Ids.Next(), account.Subject, new Money(7, Bank.Eur), null), default);
        }

        return done;
    }

    [Fact]
    public async Task Hidden_holds_and_false_announcements_are_found()
    {
        var account = await _bank.AccountAsync(0, balanceMinor: 500);
        await _bank.Ledger.ExecuteAsync(new PlaceHold(
            _bank.Ledger.Ids.Next(), account, new Money(40, Bank.Eur), _bank.Time.NowUs() + 60_000_000, null), Cancel);
        (await VerifyAsync(deep: false)).Ok.ShouldBeTrue();
        await ShouldBeFoundAsync("ledger/shard-0.db", "UPDATE accounts SET pending_in = 41 WHERE pending_in = 40",
            "I2", "The EUR settlement account awaits 41, but the open holds add up to 40", deep: false);
    }

    private async Task ShouldBeFoundAsync(string file, string tampering, string invariant, string finding, bool deep)
    {
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, file)))
        {
            database.Execute(tampering);
            database.Changes.ShouldBeGreaterThan(0);
        }

        var report = await VerifyAsync(deep);
        report.Ok.ShouldBeFalse();
        var details = report.Checks.Where(one => !one.Ok
            && one.Name.StartsWith($"{invariant} ", StringComparison.Ordinal))
            .Select(one => one.Detail);
        string.Join('\n', details).ShouldContain(finding);
    }

    private LogRecord Record(LedgerEvent happened) => new(
        Topics.AccountEvents, 0, 0, "shard-0", happened.Position.Seq,
        ProjectedEvent.From(happened, new SourceHistory(_bank.Ledger.Epochs)).Owner,
        happened.Type.Name(), happened.Subject, happened.Version, happened.TimeUs, happened.Data);

    private async Task PassAsync()
    {
        foreach (var projection in _projections.All) await projection.Projector.PassAsync(Cancel);
    }

    private Task<VerifyReport> VerifyAsync(bool deep) =>
        new Verifier(_bank.Ledger, _bank.Services, _log, _views, _projections, TimeProvider.System)
            .VerifyAsync(deep, Cancel);
}
