using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Ledger.MySql;
using Tideline.Gateway.Http;
using Tideline.Gateway.Metrics;
using Tideline.Gateway.Peers;
using Tideline.Gateway.Reference;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Peers;
using Tideline.Sagas;
using Tideline.Services;
using Tideline.Services.Accounts;
using Tideline.Services.Payments;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Peers;

/// <summary>
/// The strong tier of one of several processes, on MySQL, with the route that others send commands to.
/// </summary>
internal sealed class PeerNode : IAsyncDisposable
{
    private readonly MySqlLedgerStore _store;
    private readonly CommandForwarder _forwarder;
    private readonly PeerClient _client;
    private readonly WebApplication _web;

    private PeerNode(MySqlLedgerStore store,
        GeneralLedger ledger, CommandForwarder forwarder, PeerClient client, WebApplication web, ShardOwner owner)
    {
        (_store, Ledger, _forwarder, _client, _web, Owner) = (store, ledger, forwarder, client, web, owner);
        Runner = new SagaRunner(ledger, Definitions);
        Payments = new Transfers(ledger, new SagaWaiters(ledger), TimeProvider.System);
    }

    public static Currency Eur { get; } = Currency.Parse("EUR");

    public GeneralLedger Ledger { get; }

    public ShardOwner Owner { get; }

    public static ServiceCatalog Services { get; } = ServiceRegistration.MakeAll(BankServices.All);

    public SagaDefinitions Definitions { get; } = Services.Sagas;

    public SagaRunner Runner { get; }

    public Transfers Payments { get; }

    /// <param name="options">Where the installation is.</param>
    /// <param name="own">The shards that it prefers.</param>
    /// <param name="carry">Stands between it and the others; null: nothing does.</param>
    /// <param name="system">Its machine's clock; null: this one's.</param>
    public static async Task<PeerNode> StartAsync(
        MySqlLedgerOptions options, HashSet<int> own, Func<CommandTransport, CommandTransport>? carry = null,
        TimeProvider? system = null)
    {
        var endpoint = new IPEndPoint(IPAddress.Loopback, LoopbackPort.Next());
        var owner = new ShardOwner(
            $"node at {endpoint}", $"http://{endpoint}", new Guid(RandomNumberGenerator.GetBytes(16)));
        var time = new SteadyClock(system ?? TimeProvider.System);
        var (client, reachable) = (new PeerClient(), new TaskCompletionSource());
        var store = await MySqlLedgerStore.OpenAsync(
            options with { Owner = owner, Own = own }, time, NullLogger.Instance, default);
        var ledger = await GeneralLedger.StartAsync(
            store, time, new IdGenerator(time), NullLogger.Instance, default, reachable.Task);
        var forwarder = new CommandForwarder(
            ledger, Services, carry is null ? client.CarryAsync : carry(client.CarryAsync), owner.Secret, time);
        var web = await ListenAsync(
            endpoint, new CommandReceiver(ledger, Services, owner.Secret), ledger);
        reachable.SetResult();
        return new PeerNode(store, ledger, forwarder, client, web, owner);
    }

    /// <summary>Commands as they go from process to process.</summary>
    public static ReadOnlyMemory<byte> Write(params LedgerCommand[] commands) =>
        new PeerCommands(Services, new ShardMap(2)).Write(commands);

    public async Task<Guid> AccountAsync(int shard, long balanceMinor = 0)
    {
        var customer = (await Ledger.ExecuteAsync(
            new CreateCustomer(Ledger.Ids.Next(), "Ada", "ada@example.com", "DE"), default)).Subject;
        var account = await Ledger.ExecuteAsync(
            new OpenAccount(Ledger.Map.NextOn(shard, Ledger.Ids), customer, Eur, 0, null), default);
        account.Refusal.ShouldBeNull();
        if (balanceMinor > 0) (await DepositAsync(account.Subject, balanceMinor)).Refusal.ShouldBeNull();
        return account.Subject;
    }

    public Task<Reply> DepositAsync(Guid account, long minor, Guid key = default) =>
        Ledger.ExecuteAsync(new Deposit(Ledger.Ids.Next(), account, new Money(minor, Eur), null)
        {
            Key = key, Fingerprint = key == default ? default : Idempotency.Fingerprint($"{account}|{minor}")
        }, default);

    public async Task<long> BalanceAsync(Guid account) =>
        (await Ledger.ReaderOf(account).GetAccountAsync(account, default)).ShouldNotBeNull().PostedMinor;

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync();
        await _web.DisposeAsync();
        await _forwarder.DisposeAsync();
        await Ledger.DisposeAsync();
        await _store.DisposeAsync();
        _client.Dispose();
    }

    private static async Task<WebApplication> ListenAsync(
        IPEndPoint endpoint, CommandReceiver receiver, GeneralLedger ledger)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(endpoint));
        var web = builder.Build();
        new PeerRoutes(receiver).Map(
            new RouteTable(
                web, new RouteCatalog(), new GatewayMetrics(), TimeProvider.System, ledger, NullLogger.Instance));
        await web.StartAsync();
        return web;
    }
}
