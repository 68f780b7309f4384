using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Bson;
using MongoDB.Driver;
using Tideline.Consistency;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Tests.Ledger;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views.Mongo;

/// <summary>
/// What somebody does to the views with a tool of MongoDB: it stops one customer, is named, and heals.
/// </summary>
public sealed class MongoDamageTests : IAsyncLifetime
{
    private const int Shards = 2;

    private static readonly Currency s_eur = Currency.Parse("EUR");
    private readonly TemporaryFolder _folder = new();
    private readonly MongoViews _source = new();
    private SqliteLedgerStore _store = null!;
    private GeneralLedger _ledger = null!;
    private SqliteLog _log = null!;
    private IViewStore _views = null!;
    private ProjectionHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IMongoCollection<BsonDocument> Customers =>
        _source.Database.GetCollection<BsonDocument>(_host["customers"].Projector.Names.Documents);

    public async ValueTask InitializeAsync()
    {
        _store = SqliteLedgerStore.Open(_folder.Path, Shards);
        _ledger =
            await GeneralLedger.StartAsync(
                _store, TimeProvider.System, new IdGenerator(TimeProvider.System), NullLogger.Instance, Cancel);
        _log = SqliteLog.Open(_folder.Path, TimeProvider.System);
        await ReopenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null) await _host.DisposeAsync();
        if (_views is not null) await _views.DisposeAsync();
        if (_log is not null) await _log.DisposeAsync();
        if (_ledger is not null) await _ledger.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        _folder.Dispose();
        await _source.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("{ $unset: { '_tl.rev': 1 } }")]
    [InlineData("{ $set: { '_tl.rev': 'x' } }")]
    [InlineData("{ $set: { '_tl.rev': 2.5 } }")]
    [InlineData("{ $set: { '_tl.rev': NumberInt(2) } }")]
    [InlineData("{ $set: { '_tl.rev': NumberLong('9223372036854775807') } }")]
    [InlineData("{ $set: { '_tl.rev': NumberLong('-1') } }")]
    [InlineData("{ $unset: { _tl: 1 } }")]
    [InlineData("{ $set: { _tl: 7 } }")]
    [InlineData("{ $set: { name: 7 } }")]
    [InlineData("{ $set: { accounts: null } }")]
    [InlineData("{ $set: { accounts: [null] } }")]
    [InlineData("{ $set: { accounts: ISODate('2026-01-01T00:00:00Z') } }")]
    [InlineData("{ $unset: { accounts: 1 } }")]
    [InlineData("{ $unset: { clock: 1 } }")]
    [InlineData("{ $set: { clock: {} } }")]
    [InlineData("{ $rename: { transactions: 'movements' } }")]
    [InlineData("{ $set: { extra: 1 } }")]
    [InlineData("{ $set: { customerId: ObjectId('507f1f77bcf86cd799439011') } }")]
    public async Task A_document_edited_by_hand_stops_its_own_customer_alone(string edit)
    {
        var (ada, ofAda) = await CustomerAsync();
        var (ben, ofBen) = await CustomerAsync();
        await FlowAsync();
        await Customers.UpdateOneAsync(
            new BsonDocument("_id", ada.ToString()), BsonDocument.Parse(edit), cancellationToken: Cancel);
        await RestartAsync();
        for (var at = 0; at < 2; at++)
        {
            await DepositAsync(ofAda[at], 1);
            await DepositAsync(ofBen[at], 1);
            await FlowAsync();
        }

        _host["customers"].Projector.Status().ShouldAllBe(status => status.Fault == null && status.LagEvents == 0);
        _host["customers"].DeadLetters.List().ShouldHaveSingleItem().Key.ShouldBe(ada.ToString());
        (await SumAsync(ben, ReadConsistency.Eventual)).ShouldBe(20_002);
        (await SumAsync(ada, ReadConsistency.Session([new Position(0, 1)]))).ShouldBe(20_002);
        await Queries.FindCustomersByEmailAsync(
            "ada@example.com", ReadConsistency.Eventual, null, 10, Cancel);
        (await _host["customers"].Repair.RepairAsync(ada.ToString(), Cancel)).Reason.ShouldBeNull();
        _host["customers"].DeadLetters.List().ShouldBeEmpty();
        await DepositAsync(ofAda[0], 1);
        await FlowAsync();
        (await SumAsync(ada, ReadConsistency.Eventual)).ShouldBe(20_003);
        await ShouldBeSoundAsync();
    }

    [Fact]
    public async Task A_document_with_an_id_of_another_type_stops_nobody_and_is_named()
    {
        var (ada, accounts) = await CustomerAsync();
        await FlowAsync();
        foreach (var name in _host["customers"].Projector.Names.Definitions.Select(collection => collection.Name))
        {
            var collection = _source.Database.GetCollection<BsonDocument>(name);
            await collection.InsertManyAsync(
                [new BsonDocument { ["_id"] = 7, ["email"] = "ada@example.com" },
                    new BsonDocument { ["_id"] = ObjectId.GenerateNewId(), ["email"] = "ada@example.com" }],
                    cancellationToken: Cancel);
        }

        await RestartAsync();
        await DepositAsync(accounts[0], 1);
        await FlowAsync();
        (await SumAsync(ada, ReadConsistency.Eventual)).ShouldBe(20_001);
        (await Queries.FindCustomersByEmailAsync(
            "ada@example.com", ReadConsistency.Eventual, null, 10, Cancel)).Customers.Count.ShouldBe(1);
        var report = await new Verifier(
            _ledger, ServiceRegistration.MakeAll(BankServices.All), _log, _views, _host, TimeProvider.System)
            .VerifyAsync(deep: true, Cancel);
        var views = report.Checks.Single(check => check.Name.EndsWith(": customers", StringComparison.Ordinal));
        views.Ok.ShouldBeFalse();
        views.Detail.Split('\n').Count(line => line.Contains("was written by another program")).ShouldBe(4);
        await ForceRebuildAsync();
        await ShouldBeSoundAsync();
    }

    [Theory]
    [InlineData("tl_states", "{ $set: { '_tl.rev': 'x' } }")]
    [InlineData("tl_states", "{ $unset: { _tl: 1 } }")]
    [InlineData("tl_states", "{ $set: { version: 'x', settled: 7 } }")]
    [InlineData("tl_states", "{ $set: { '_tl.rev': NumberLong('4000000000000') } }")]
    [InlineData("tl_watermarks", "{ $set: { seq: 'x' } }")]
    [InlineData("tl_watermarks", "{ $unset: { timeUs: 1 } }")]
    [InlineData("tl_watermarks", "{ $set: { seq: NumberLong(1000000) } }")]
    [InlineData("tl_watermarks", "{ $set: { epoch: NumberLong(1000000) } }")]
    [InlineData("tl_watermarks", "{ $set: { epoch: 'x' } }")]
    [InlineData("tl_collections", "{ $unset: { indexes: 1 } }")]
    [InlineData("tl_collections", "{ $set: { indexes: [7], logChanges: 'x' } }")]
    public async Task Broken_states_heal_and_a_forced_rebuild_needs_none_of_them(string collection, string edit)
    {
        var (ada, accounts) = await CustomerAsync();
        await FlowAsync();
        await _source.Database.GetCollection<BsonDocument>(collection)
            .UpdateManyAsync(new BsonDocument(), BsonDocument.Parse(edit), cancellationToken: Cancel);
        await ReopenAsync();
        await DepositAsync(accounts[0], 1);
        await FlowAsync();
        (await SumAsync(ada, ReadConsistency.Session([new Position(0, 1)]))).ShouldBe(20_001);
        await ForceRebuildAsync();
        await ShouldBeSoundAsync();
    }

    [Fact]
    public async Task Collections_dropped_by_hand_are_built_anew()
    {
        var (ada, accounts) = await CustomerAsync();
        await FlowAsync();
        await _source.Database.DropCollectionAsync(_host["customers"].Projector.Names.Documents, Cancel);
        await ReopenAsync();
        await DepositAsync(accounts[0], 1);
        await FlowAsync();
        (await SumAsync(ada, ReadConsistency.Eventual)).ShouldBe(20_001);
        // While the program runs MongoDB makes a dropped collection again by itself, so only its customers notice.
        await _source.Database.DropCollectionAsync(_host["customers"].Projector.Names.Documents, Cancel);
        await DepositAsync(accounts[0], 1);
        await FlowAsync();
        (await SumAsync(ada, ReadConsistency.Session([new Position(0, 1)]))).ShouldBe(20_002);
        await ForceRebuildAsync();
        (await SumAsync(ada, ReadConsistency.Eventual)).ShouldBe(20_002);
        await ShouldBeSoundAsync();
    }

    private async Task ForceRebuildAsync()
    {
        foreach (var projection in _host.All)
            (await projection.Rebuild.RunAsync(force: true, Cancel)).Phase.ShouldBe("switched");
    }

    private async Task ReopenAsync()
    {
        if (_host is not null) await _host.DisposeAsync();
        if (_views is not null) await _views.DisposeAsync();
        _views = await _source.OpenAsync();
        await RestartAsync();
    }

    private CustomerQueries Queries => CustomerViews.Create(new ViewContext(
        _ledger, _views, _host, new NodeHealth(), TimeProvider.System, NullLoggerFactory.Instance, static _ => { }))
        .Queries;

    private async Task RestartAsync() =>
        _host = await ProjectionHost.CreateAsync(
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

    private async Task DepositAsync(Guid account, long minor) =>
        (await _ledger.ExecuteAsync(new Deposit(_ledger.Ids.Next(), account, new Money(minor, s_eur), null), Cancel))
            .Refusal.ShouldBeNull();

    private async Task<long> SumAsync(Guid customer, ReadConsistency consistency) =>
        (await Queries.GetCustomerAsync(customer, consistency, Cancel)).ShouldNotBeNull()
            .Customer.Accounts.Sum(account => account.PostedMinor);

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
        Topics.AccountEvents, happened.Position.Shard, 0, $"shard-{happened.Position.Shard}", happened.Position.Seq,
            EventData.Parse(happened.Data.Span).CustomerId,
        happened.Type.Name(), happened.Subject, happened.Version, happened.TimeUs, happened.Data);
}
