using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Audit;
using Tideline.Engines.Sqlite;
using Tideline.Gateway;
using Tideline.Gateway.Door;
using Tideline.Gateway.Http;
using Tideline.Gateway.Reference;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Sagas;
using Tideline.Services;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Gateway;

/// <summary>A gateway on a free loopback port over a bank of its own, whose messages move by themselves.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<IAsyncDisposable> _started;
    private readonly string _folder;
    private readonly ViewParts _views;
    private int _keys;

    private GatewayServer(Bank bank, WebApplication app, List<IAsyncDisposable> started, ViewParts views,
        NodeHealth health, string folder)
    {
        (Bank, _app, _started, _views, Health, _folder) = (bank, app, started, views, health, folder);
        var address = app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(60) };
    }

    public Bank Bank { get; }

    public HttpClient Client { get; }

    public NodeHealth Health { get; }

    /// <summary>Counts when a test says so.</summary>
    public required SagaWatch Watch { get; init; }

    /// <summary>Log to views.</summary>
    public ProjectionHost Projections => _views.Projections;

    /// <summary>Whether the views are open for the gateway.</summary>
    public bool AreViewsOpen { set => _views.AreOpen = value; }

    public IReadOnlyList<MappedRoute> Routes => _app.Services.GetRequiredService<RouteCatalog>().Routes;

    /// <param name="wrap">What stands around the store, if anything.</param>
    /// <param name="hosts">The hosts that it answers for; loopback unless told.</param>
    /// <param name="time">The clock of the gateway alone; the bank's unless told.</param>
    /// <param name="logs">Gets what is logged.</param>
    public static async Task<GatewayServer> StartAsync(
        Func<ILedgerStore, ILedgerStore>? wrap = null, HostNames? hosts = null, TimeProvider? time = null,
        ILoggerProvider? logs = null)
    {
        var bank = await Bank.OpenAsync(wrap: wrap);
        var folder = Path.Combine(Path.GetTempPath(), $"tideline-gateway-{bank.Ledger.Ids.Next():N}");
        var (health, started) = (new NodeHealth(), new List<IAsyncDisposable>());
        var context = new ServiceContext(
            bank.Ledger, new SagaWaiters(bank.Ledger), folder, health, bank.Time, NullLoggerFactory.Instance,
            started.Add);
        foreach (var service in bank.Services.Services) service.Start(context);
        var parts = await ViewParts.StartAsync(bank, folder);
        var watch = new SagaWatch(bank.Ledger, bank.Time, NullLogger<SagaWatch>.Instance);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (logs is not null) builder.Logging.AddProvider(logs);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            KestrelLimits.Apply(kestrel);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        builder.Services.AddTidelineGateway();
        var app = builder.Build();
        ViewHealth.Register(health, parts.Projections);
        app.UseTideline(new GatewayParts
        {
            Ledger = bank.Ledger, Sagas = new SagaOperations(bank.Ledger, bank.Definitions),
            Health = health, Receipts = new ReceiptIssuer(bank.Ledger, parts.Log, time ?? bank.Time),
            ServiceRoutes = (routes, all) => ServiceRegistration.MapAll(BankServices.All, bank.Services, routes, all),
            FindProjections = () => parts.AreOpen ? parts.Projections : null,
            FindCached = () => parts.AreOpen ? parts.Cached : null, MakeVerifier = () => parts.Verifier,
            Time = time ?? bank.Time, SagaLetters = bank.Letters, SagaWatch = watch,
            Hosts = hosts ?? HostNames.Loopback,
        });
        await app.StartAsync();
        return new GatewayServer(bank, app, started, parts, health, folder) { Watch = watch };
    }

    /// <summary>Sends a JSON body with a key; a new one unless named, none when empty.</summary>
    public async Task<Answer> PostAsync(
        string path, string json, string? key = null, string type = "application/json", HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(
            method ?? HttpMethod.Post, path)
        { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json)) };
        request.Content.Headers.ContentType = type.Length == 0 ? null : MediaTypeHeaderValue.Parse(type);
        key ??= $"key-{Interlocked.Increment(ref _keys)}";
        if (key.Length > 0) request.Headers.Add("Idempotency-Key", key);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    public async Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <summary>
    /// Sends a request as it is, on a connection of its own, and reads what is answered until the server closes it.
    /// </summary>
    public async Task<RawAnswer> SendRawAsync(byte[] request)
    {
        await using var connection = await RawConnection.OpenAsync(Client.BaseAddress!.Port);
        await connection.SendAsync(request);
        return RawAnswer.Of(await connection.ReadToEndAsync());
    }

    /// <summary>Completes when the views hold everything that is committed now.</summary>
    public async Task CaughtUpAsync()
    {
        for (var shard = 0; shard < Bank.Ledger.Map.Shards; shard++)
            foreach (var projection in _views.Projections.All)
                (await projection.Projector.WaitForAsync(
                    shard, Bank.Ledger.CommittedHead(shard).EventSeq, TimeSpan.FromSeconds(30), default))
                    .ShouldBeTrue();
    }

    /// <summary>Changes the views behind the program's back.</summary>
    public void TamperWithViews(string sql)
    {
        using var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "views", "views", "views.db"));
        database.Execute(sql);
        database.Changes.ShouldBeGreaterThan(0);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        foreach (var part in _started) await part.DisposeAsync();
        await Watch.DisposeAsync();
        await _views.DisposeAsync();
        await Bank.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>An answer, read whole.</summary>
internal sealed record Answer(HttpStatusCode Status, string? Type, string Text, HttpResponseHeaders Headers)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string this[string field] => Json.GetProperty(field).ToString();

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) =>
        new(response.StatusCode, response.Content.Headers.ContentType?.MediaType,
            await response.Content.ReadAsStringAsync(), response.Headers);

    public void ShouldBeProblem(string name, int status, string? field = null)
    {
        Type.ShouldBe("application/problem+json", Text);
        this["type"].ShouldBe("https://tideline.dev/problems/" + name, Text);
        ((int)Status).ShouldBe(status, Text);
        Json.GetProperty("status").GetInt32().ShouldBe(status);
        this["title"].ShouldNotBeEmpty();
        this["detail"].ShouldEndWith(".");
        if (field is not null) this["field"].ShouldBe(field);
    }
}
