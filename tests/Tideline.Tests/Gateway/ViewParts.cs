using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Consistency;
using Tideline.Engines.Cache.Memory;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Views.Sqlite;
using Tideline.Log;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services.Accounts.Views;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Gateway;

/// <summary>The real way from the ledger over the log to sagas and views.</summary>
internal sealed class ViewParts(
    SqliteLog log, SqliteViewStore views, Relay relay, Consumer sagas, ProjectionHost projections, QueryHost queries,
    Verifier verifier) : IAsyncDisposable
{
    public ProjectionHost Projections => projections;

    public QueryHost Queries => queries;

    /// <summary>Whether the gateway finds them.</summary>
    public bool AreOpen { get; set; } = true;

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
        var queries = QueryHost.Start(
            bank.Ledger, projections, views, new MemoryCache(bank.Time), bank.Time, NullLoggerFactory.Instance);
        return new ViewParts(
            log, views, relay, sagas, projections, queries,
            new Verifier(bank.Ledger, bank.Services, log, views, projections, bank.Time));
    }

    public async ValueTask DisposeAsync()
    {
        await queries.DisposeAsync();
        await projections.DisposeAsync();
        await sagas.DisposeAsync();
        await relay.DisposeAsync();
        await views.DisposeAsync();
        await log.DisposeAsync();
    }
}
