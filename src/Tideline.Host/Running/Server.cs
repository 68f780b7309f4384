#pragma warning disable CA2000 // The server owns its client of other processes.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tideline.Engines;
using Tideline.Gateway;
using Tideline.Gateway.Peers;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>A node with its gateway.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ILoggerFactory _loggers;
    private readonly PeerClient _peers;
    private int _disposed;

    private Server(TidelineNode node, WebApplication web, ILoggerFactory loggers, PeerClient peers, IPAddress listens) => (Node, _web, _loggers, _peers, Listens) = (node, web, loggers, peers, listens);

    public TidelineNode Node { get; }

    /// <summary>Where programs of this machine reach it, as in <c>http://127.0.0.1:7400</c>.</summary>
    public string Address => WebHosting.AddressOf(_web);

    /// <summary>The address that it listens on.</summary>
    public IPAddress Listens { get; }

    /// <summary>Cancelled by SIGTERM or Ctrl-C.</summary>
    public CancellationToken Stopping => _web.Lifetime.ApplicationStopping;

    /// <summary>Starts the node, then the gateway. In the cluster profile the node takes shards when the gateway answers, for others send commands there.</summary>
    /// <exception cref="TidelineException">The folder is in use, too new or not writable; the port is taken: then nothing was touched.</exception>
    public static async Task<Server> StartAsync(NodeOptions options, IPEndPoint endpoint, bool verbose, CancellationToken cancel)
    {
        WebHosting.PrepareThreads();
        FreePort.Require(endpoint);
        var loggers = LoggerFactory.Create(logging => WebHosting.Configure(logging, LevelOf(verbose)));
        var peers = new PeerClient();
        var node = await TidelineNode.StartAsync(options with { Loggers = loggers, Carry = options.Cluster is null ? null : peers.CarryAsync }, cancel);
        try
        {
            var web = Build(node, endpoint, verbose);
            await web.StartAsync(cancel);
            node.BecomeReachable();
            return new Server(node, web, loggers, peers, endpoint.Address);
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            await node.DisposeAsync();
            peers.Dispose();
            throw FreePort.Taken(endpoint, fault);
        }
    }

    public Task WaitForShutdownAsync() => _web.WaitForShutdownAsync();

    /// <summary>Finishes the requests under way, then the node.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _web.DisposeAsync();
        await Node.DisposeAsync();
        _peers.Dispose();
        _loggers.Dispose();
    }

    private static WebApplication Build(TidelineNode node, IPEndPoint endpoint, bool verbose)
    {
        var builder = WebHosting.Begin(endpoint, LevelOf(verbose));
        builder.Services.AddTidelineGateway(PartsOf(node));
        var web = builder.Build();
        web.MapTideline();
        return web;
    }

    private static GatewayParts PartsOf(TidelineNode node) => new()
    {
        Ledger = node.Ledger, Payments = node.Payments, Sagas = node.Sagas, SagaLetters = node.SagaLetters,
            SagaWatch = node.SagaWatch, Imports = node.Imports, Projections = node.Projections,
            Verifier = node.Verifier,
        Receiver = node.Receiver, Time = node.Options.Time,
    };

    private static LogLevel LevelOf(bool verbose) => verbose ? LogLevel.Information : LogLevel.Error;
}
