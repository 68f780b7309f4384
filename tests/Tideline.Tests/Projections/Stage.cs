using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Consistency;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Engines.Views.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Ledger;
using Tideline.Views;

namespace Tideline.Tests.Projections;

/// <summary>Ledger, log and views on one folder; nothing moves between them but when a test says so.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private Stage(Bank bank, string folder, SqliteLog log, SqliteViewStore views) =>
        (Bank, Folder, Log, Views) = (bank, folder, log, views);

    public Bank Bank { get; }

    public string Folder { get; }

    public SqliteLog Log { get; }

    public SqliteViewStore Views { get; private set; }

    public ProjectionHost Host { get; private set; } = null!;

    /// <summary>What is registered at the next start.</summary>
    public IReadOnlyList<ProjectionDefinition> Projections { get; set; } = BankServices.Projections;

    public Projection Customers => Host["customers"];

    public CustomerViews Reads { get; private set; } = null!;

    /// <summary>The cache in front of the reads, and what invalidates it; null without one.</summary>
    public (ViewCache Cache, CacheInvalidator Invalidator)? Cached { get; private set; }

    public static async Task<Stage> OpenAsync(
        TimeProvider? time = null, ICache? cache = null, IReadOnlyList<ProjectionDefinition>? projections = null,
        Func<ILedgerStore, ILedgerStore>? wrap = null)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
        var bank = await Bank.OpenAsync(shards: 2, time, folder, wrap);
        var stage = new Stage(bank, folder, SqliteLog.Open(folder, bank.Time), SqliteViewStore.Open(folder));
        if (projections is not null) stage.Projections = projections;
        await stage.RestartAsync(cache: cache);
        return stage;
    }

    /// <summary>The projections anew, as after a crash: only what is durable is left.</summary>
    public async Task RestartAsync(ILog? log = null, ICache? cache = null)
    {
        Host = await ProjectionHost.CreateAsync(
            Projections, Bank.Ledger, log ?? Log, Views, Bank.Time, NullLoggerFactory.Instance, default);
        var cached = cache is null ? null : new ViewCache(cache, Bank.Time);
        Cached = cached is null
            ? null
            : (cached, new CacheInvalidator(cached, Views, Bank.Time, NullLogger.Instance));
        Reads = CustomerViews.Create(ReadsOf(Bank.Ledger, Host, Views, Bank.Time, cached));
    }

    /// <summary>What services get of an open view tier.</summary>
    public static ViewContext ReadsOf(
        GeneralLedger ledger, ProjectionHost host, IViewStore views, TimeProvider time, ViewCache? cached = null) =>
        new(ledger, views, host, new NodeHealth(), time, NullLoggerFactory.Instance, static _ => { })
        {
            Cache = cached,
        };

    /// <summary>A customer with an account on each shard, each with a balance.</summary>
    public async Task<(Guid Customer, Guid[] Accounts)> CustomerAsync(long balanceMinor = 10_000)
    {
        var customer = await Bank.CustomerAsync();
        var accounts = new[] { Bank.Ledger.Map.NextOn(0, Bank.Ledger.Ids), Bank.Ledger.Map.NextOn(1, Bank.Ledger.Ids) };
        foreach (var account in accounts)
        {
            (await Bank.Ledger.ExecuteAsync(new OpenAccount(account, customer, Bank.Eur, 0, null), default))
                .Refusal.ShouldBeNull();
            (await Bank.DepositAsync(account, balanceMinor)).Refusal.ShouldBeNull();
        }

        return (customer, accounts);
    }

    /// <summary>Ledger → log, and with <paramref name="project"/> → views, until nothing is left.</summary>
    public async Task FlowAsync(bool project = true)
    {
        for (var shard = 0; shard < 2; shard++)
        {
            var head = await Log.GetSourceHeadAsync(Topics.AccountEvents, $"shard-{shard}", default);
            var events = await Bank.Ledger.Reader(shard).GetEventsAsync(head, 10_000, default);
            await Log.AppendAsync([.. events.Select(Record)], default);
        }

        if (project) await ProjectAsync();
    }

    public async Task ProjectAsync()
    {
        foreach (var projection in Host.All)
        {
            while (await projection.Projector.PassAsync(default) > 0)
            {
            }
        }
    }

    /// <summary>Every projection is built anew from the ledger, whatever stands in its place.</summary>
    public async Task ForceRebuildAsync()
    {
        foreach (var projection in Host.All)
            (await projection.Rebuild.RunAsync(force: true, default)).Phase.ShouldBe("switched");
    }

    public async Task<CustomerDocument?> ViewAsync(Guid customer) =>
        (await Views.ReadAsync(Customers.Projector.Names.Documents, [customer.ToString()], default))
            .Select(document => ViewJson.Customer(document.Json)).SingleOrDefault();

    public async Task<Document> StoredAsync(Guid customer) =>
        (await Views.ReadAsync(Customers.Projector.Names.Documents, [customer.ToString()], default))
            .ShouldHaveSingleItem();

    /// <summary>Overwrites a document as a careless hand would: the guard is right, the content is not.</summary>
    public async Task TamperAsync(Guid customer, Func<CustomerDocument, CustomerDocument> change)
    {
        var stored = await StoredAsync(customer);
        (await Views.WriteAsync(Customers.Projector.Names.Documents,
            [CustomersProjection.Write(change(ViewJson.Customer(stored.Json)), stored.Revision)], default))
                .ShouldBe([true]);
    }

    /// <summary>
    /// A document of a customer as somebody would put it back from a copy: sound, and without the newest deposit of 5.
    /// </summary>
    public async Task RestoreAsync(Guid customer, Guid[] accounts, string collection = "customers_v1")
    {
        var strong = (await Reads.Queries.GetCustomerAsync(customer, ReadConsistency.Strong, default))
            .ShouldNotBeNull().Customer;
        var clock = new SortedList<Guid, long>(strong.Clock);
        clock[accounts[0]]--;
        AccountView[] older =
            [.. strong.Accounts.Select(
                account =>
                    account.AccountId == accounts[0] ? account with { PostedMinor = account.PostedMinor - 5 }
                    : account)];
        await Views.RemoveAsync(collection, [customer.ToString()], default);
        (await Views.WriteAsync(
            collection, [CustomersProjection.Write(strong with { Clock = clock, Accounts = older }, 0)], default))
            .ShouldBe([true]);
    }

    /// <summary>The views closed and opened, with the projections, as by a restart.</summary>
    public async Task ReopenViewsAsync()
    {
        await Host.DisposeAsync();
        await Views.DisposeAsync();
        Views = SqliteViewStore.Open(Folder);
        await RestartAsync();
    }

    /// <summary>What somebody does to the views file with a tool, while the program runs.</summary>
    public void Sql(string statement)
    {
        using var database = SqliteDatabase.OpenWriter(Path.Combine(Folder, "views", "views.db"));
        database.Execute(statement);
    }

    /// <summary>I8 and the check of every document, with all that it said.</summary>
    public async Task<VerifyCheck> VerifyViewsAsync()
    {
        var report = await new Verifier(Bank.Ledger, Bank.Services, Log, Views, Host, Bank.Time)
            .VerifyAsync(deep: true, default);
        var checks = report.Checks.Where(check => check.Name.StartsWith("I8", StringComparison.Ordinal)).ToList();
        return new VerifyCheck("I8", checks.TrueForAll(check => check.Ok),
            string.Join('\n', checks.Select(check => check.Detail)));
    }

    public static byte[] Json(CustomerDocument? document) =>
        CustomersProjection.Write(document.ShouldNotBeNull(), 0).Json!.Value.ToArray();

    public async ValueTask DisposeAsync()
    {
        await Reads.DisposeAsync();
        if (Cached is { } cached) await cached.Invalidator.DisposeAsync();
        await Host.DisposeAsync();
        await Views.DisposeAsync();
        await Log.DisposeAsync();
        await Bank.DisposeAsync();
    }

    private static LogRecord Record(LedgerEvent happened) => new(
        Topics.AccountEvents, happened.Position.Shard, 0, $"shard-{happened.Position.Shard}",
        happened.Position.Seq, EventData.Parse(happened.Data.Span).CustomerId, happened.Type.Name(),
        happened.Subject, happened.Version, happened.TimeUs, happened.Data);
}
