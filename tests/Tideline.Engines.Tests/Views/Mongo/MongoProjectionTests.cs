using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Consistency;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Tests.Ledger;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>The whole projector over MongoDB: ledger and log in a folder, the views on the server.</summary>
public sealed class MongoProjectionTests : IAsyncLifetime
{
    private const int Shards = 2;

    private static readonly Currency s_eur = Currency.Parse("EUR");
    private readonly TemporaryFolder _folder = new();
    private readonly MongoViews _source = new();
    private MongoLine _line = null!;
    private SqliteLedgerStore _store = null!;
    private GeneralLedger _ledger = null!;
    private SqliteLog _log = null!;
    private MongoViewStore _views = null!;
    private ProjectionHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _line = await _source.LineAsync();
        _store = SqliteLedgerStore.Open(_folder.Path, Shards);
        _ledger = await GeneralLedger.StartAsync(
            _store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, Cancel);
        _log = SqliteLog.Open(_folder.Path, TimeProvider.System);
        _views = await _source.OpenAsync(_line.Address, NullLogger.Instance);
        await RestartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null) await _host.DisposeAsync();
        if (_views is not null) await _views.DisposeAsync();
        if (_line is not null) await _line.DisposeAsync();
        if (_log is not null) await _log.DisposeAsync();
        if (_ledger is not null) await _ledger.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        _folder.Dispose();
        await _source.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Views_are_built_rebuilt_and_found_sound()
    {
        var (ada, accounts) = await CustomerAsync();
        for (var at = 0; at < 5; at++) await CustomerAsync();
        await FlowAsync();
        await ShouldBeSoundAsync();

        var status = await _host["customers"].Rebuild.RunAsync(force: false, Cancel);
        (status.Phase, status.Differing, status.Blocked).ShouldBe(("switched", 0L, 0L));
        status.Collections.Select(each => (each.Name, each.Compared))
            .ShouldBe([("customers", 6L), ("transactions", 12L)]);
        await DepositAsync(accounts[1], 5);
        await FlowAsync();
        await RestartAsync();
        _host["customers"].Projector.Names.Version.ShouldBe(2);
        (await PostedAsync(ada)).ShouldBe(20_005);
        await ShouldBeSoundAsync();
    }

    [Fact]
    public async Task Events_are_folded_once_though_every_other_answer_is_lost()
    {
        var (ada, accounts) = await CustomerAsync();
        await FlowAsync();
        var answers = 0;
        _line.Answer = (command, answer) => command is "insert" or "update"
            && Interlocked.Increment(ref answers) % 2 == 1 ? null : answer;
        for (var at = 0; at < 3; at++)
        {
            await DepositAsync(accounts[0], 1);
            await DepositAsync(accounts[1], 1);
            await FlowAsync();
        }

        _line.Answer = (_, answer) => answer;
        answers.ShouldBeGreaterThan(6);
        (await PostedAsync(ada)).ShouldBe(20_006);
        await ShouldBeSoundAsync();
    }

    [Fact]
    public async Task Pages_of_movements_and_a_session_read_come_from_the_views()
    {
        var (ada, accounts) = await CustomerAsync();
        for (var at = 1; at <= 7; at++) await DepositAsync(accounts[0], at);
        await FlowAsync();
        var session = ReadConsistency.Session(
            [new Position(0, _ledger.CommittedHead(0).EventSeq), new Position(1, _ledger.CommittedHead(1).EventSeq)]);
        var (amounts, cursor) = (new List<long>(), (string?)null);
        do
        {
            var page = await Queries.SearchTransactionsAsync(
                ada, session, null, null, "DEPO", cursor, 4, Cancel);
            amounts.AddRange(page.Transactions.Select(transaction => transaction.AmountMinor));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        amounts.Order().ShouldBe([1, 2, 3, 4, 5, 6, 7, 10_000, 10_000]);
        (await Queries.GetCustomerAsync(ada, session, Cancel))
            .ShouldNotBeNull().ServedBy.ShouldBe(ServedBy.View);
        (await Queries.FindCustomersByEmailAsync(
            "ada@example.com", ReadConsistency.Eventual, null, 10, Cancel)).Customers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Analysts_find_ids_dates_and_decimals()
    {
        var (ada, accounts) = await CustomerAsync();
        await DepositAsync(accounts[0], 1_234);
        await FlowAsync();
        var customer = new BsonBinaryData(ada, GuidRepresentation.Standard);
        (await CountAsync("transactions_v1", new BsonDocument
        {
            ["customerId"] = customer,
            ["amount"] = new BsonDecimal128(12.34m),
            ["bookedAt"] = new BsonDocument("$gt", new BsonDateTime(DateTime.UnixEpoch)),
        })).ShouldBe(1);
        (await CountAsync("customers_v1", new BsonDocument("accounts.posted", new BsonDecimal128(112.34m))))
            .ShouldBe(1);
        (await CountAsync("events_v1", new BsonDocument
        {
            ["data.accountId"] = new BsonBinaryData(accounts[0], GuidRepresentation.Standard),
            ["data.posted"] = new BsonDecimal128(112.34m),
            ["time"] = new BsonDocument("$gt", new BsonDateTime(DateTime.UnixEpoch)),
        })).ShouldBe(1);
        (await CountAsync("analytics_v1", new BsonDocument
        {
            ["day"] = new BsonDocument("$lte", new BsonDateTime(TimeProvider.System.GetUtcNow().UtcDateTime)),
            ["kinds.deposit.in"] = new BsonDecimal128(212.34m),
        })).ShouldBe(1);
    }

    [Fact]
    public async Task The_state_of_the_active_version_tells_followers_which_collection_to_watch()
    {
        await CustomerAsync();
        await FlowAsync();
        using var changes = await _source.Database.GetCollection<BsonDocument>("tl_states").WatchAsync(
            new ChangeStreamOptions { FullDocument = ChangeStreamFullDocumentOption.UpdateLookup }, Cancel);
        (await _host["customers"].Rebuild.RunAsync(force: false, Cancel)).Phase.ShouldBe("switched");
        BsonValue? collections = null;
        while (collections?["customers"] != "customers_v2")
        {
            (await changes.MoveNextAsync(Cancel)).ShouldBeTrue();
            collections = changes.Current.Select(change => change.FullDocument)
                .LastOrDefault(state => state?["_id"] == "customers.active")?["collections"] ?? collections;
        }

        collections["transactions"].ShouldBe(new BsonString("transactions_v2"));
    }

    private async Task<long> CountAsync(string collection, BsonDocument filter) =>
        await _source.Database.GetCollection<BsonDocument>(collection)
            .CountDocumentsAsync(filter, cancellationToken: Cancel);

    private CustomerQueries Queries => CustomerViews.Create(new ViewContext(
        _ledger, _views, _host, new NodeHealth(), TimeProvider.System, NullLoggerFactory.Instance, static _ => { }))
        .Queries;

    private async Task RestartAsync() => _host = await ProjectionHost.CreateAsync(
        BankServices.Projections, _ledger, _log, _views, TimeProvider.System, NullLoggerFactory.Instance, Cancel);

    private async Task ShouldBeSoundAsync()
    {
        var report = await new Verifier(
            _ledger, ServiceRegistration.MakeAll(BankServices.All), _log, _views, _host, TimeProvider.System)
            .VerifyAsync(deep: true, Cancel);
        report.Checks.Where(check => !check.Ok).Select(check => check.Detail).ShouldBeEmpty();
    }

    private async Task<(Guid Customer, Guid[] Accounts)> CustomerAsync()
    {
        var customer = _ledger.Ids.Next();
        (await _ledger.ExecuteAsync(new CreateCustomer(customer, "Ada", "ada@example.com", "DE"), Cancel))
            .Refusal.ShouldBeNull();
        Guid[] accounts = [_ledger.Map.NextOn(0, _ledger.Ids), _ledger.Map.NextOn(1, _ledger.Ids)];
        foreach (var account in accounts)
        {
            (await _ledger.ExecuteAsync(new OpenAccount(account, customer, s_eur, 0, null), Cancel))
                .Refusal.ShouldBeNull();
            await DepositAsync(account, 10_000);
        }

        return (customer, accounts);
    }

    private async Task DepositAsync(Guid account, long minor) => (await _ledger.ExecuteAsync(
        new Deposit(_ledger.Ids.Next(), account, new Money(minor, s_eur), null), Cancel)).Refusal.ShouldBeNull();

    private async Task<long> PostedAsync(Guid customer)
    {
        var found = await _views.ReadAsync(_host["customers"].Projector.Names.Documents, [customer.ToString()], Cancel);
        return ViewJson.Customer(found.ShouldHaveSingleItem().Json).Accounts.Sum(account => account.PostedMinor);
    }

    // Ledger → log → views, until nothing is left.
    private async Task FlowAsync()
    {
        for (var shard = 0; shard < Shards; shard++)
        {
            var head = await _log.GetSourceHeadAsync(Topics.AccountEvents, $"shard-{shard}", Cancel);
            var events = await _ledger.Reader(shard).GetEventsAsync(head, 10_000, Cancel);
            await _log.AppendAsync([.. events.Select(Record)], Cancel);
        }

        foreach (var projection in _host.All)
        {
            while (await projection.Projector.PassAsync(Cancel) > 0)
            {
            }
        }
    }

    private static LogRecord Record(LedgerEvent happened) => new(
        Topics.AccountEvents, happened.Position.Shard, 0, $"shard-{happened.Position.Shard}",
        happened.Position.Seq, EventData.Parse(happened.Data.Span).CustomerId, happened.Type.Name(),
        happened.Subject, happened.Version, happened.TimeUs, happened.Data);
}
