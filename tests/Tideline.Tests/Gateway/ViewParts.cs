using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Consistency;
using Tideline.Engines.Cache.Memory;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Views.Sqlite;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Queries;
using Tideline.Sagas;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Gateway;

/// <summary>The real way from the ledger over the log to sagas and views.</summary>
internal sealed class ViewParts(
    SqliteLog log, SqliteViewStore views, Relay relay, Consumer sagas, ProjectionHost projections, Verifier verifier,
    ViewContext reads, AccountsService accounts, CacheInvalidator invalidator) : IAsyncDisposable
{
    public ProjectionHost Projections => projections;

    public SqliteLog Log => log;

    public CacheCounts Cached => reads.Cache!.Counts;

    /// <summary>Whether the gateway finds them.</summary>
    public bool AreOpen
    {
        get => accounts.Views is not null;
        set => accounts.Views = value ? CustomerViews.Create(reads) : null;
    }

    public Verifier Verifier => verifier;

    public static async Task<ViewParts> StartAsync(Bank bank, string folder)
    {
        var log = SqliteLog.Open(folder, bank.Time);
        var views = SqliteViewStore.Open(Path.Combine(folder, "views"));
        var relay = new Relay(bank.Ledger, log, bank.Time, NullLogger<Relay>.Instance);
        var sagas = new Consumer(
            log, SagaRunner.Group, Topics.SagaCommands, [.. Enumerable.Range(0, bank.Ledger.Map.Shards)],
            bank.Runner.HandleAsync, bank.Time, NullLogger<Consumer>.Instance);
        relay.Start();
        sagas.Start();
        var projections = await ProjectionHost.StartAsync(
            BankServices.Projections, bank.Ledger, log, views, bank.Time, NullLoggerFactory.Instance, default);
        var cache = new ViewCache(new MemoryCache(bank.Time), bank.Time);
        var invalidator = new CacheInvalidator(cache, views, bank.Time, NullLogger.Instance);
        invalidator.Start();
        var reads = new ViewContext(
            bank.Ledger, views, projections, new NodeHealth(), bank.Time, NullLoggerFactory.Instance, static _ => { })
        {
            Cache = cache,
        };
        var verifier = new Verifier(bank.Ledger, bank.Services, log, views, projections, bank.Time);
        return new ViewParts(
            log, views, relay, sagas, projections, verifier, reads, bank.Services.Of<AccountsService>(),
            invalidator)
        {
            AreOpen = true,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await invalidator.DisposeAsync();
        await projections.DisposeAsync();
        await sagas.DisposeAsync();
        await relay.DisposeAsync();
        await views.DisposeAsync();
        await log.DisposeAsync();
    }
}
