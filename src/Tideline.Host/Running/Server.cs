using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tideline.Engines;
using Tideline.Gateway;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>A node with its gateway.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ILoggerFactory _loggers;
    private int _disposed;

    private Server(TidelineNode node, WebApplication web, ILoggerFactory loggers, IPAddress listens) => (Node, _web, _loggers, Listens) = (node, web, loggers, listens);

    public TidelineNode Node { get; }

    /// <summary>Where programs of this machine reach it, as in <c>http://127.0.0.1:7400</c>.</summary>
    public string Address => WebHosting.AddressOf(_web);

    /// <summary>The address that it listens on.</summary>
    public IPAddress Listens { get; }

    /// <summary>Cancelled by SIGTERM or Ctrl-C.</summary>
    public CancellationToken Stopping => _web.Lifetime.ApplicationStopping;

    /// <summary>Starts the node, then the gateway.</summary>
    /// <exception cref="TidelineException">The folder is in use, too new or not writable; the port is taken: then nothing was touched.</exception>
    public static async Task<Server> StartAsync(NodeOptions options, IPEndPoint endpoint, bool verbose, CancellationToken cancel)
    {
        WebHosting.PrepareThreads();
        FreePort.Require(endpoint);
        var loggers = LoggerFactory.Create(logging => WebHosting.Configure(logging, LevelOf(verbose)));
        var node = await TidelineNode.StartAsync(options with { Loggers = loggers }, cancel);
        try
        {
            var web = Build(node, endpoint, verbose);
            await web.StartAsync(cancel);
            return new Server(node, web, loggers, endpoint.Address);
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            await node.DisposeAsync();
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
        Ledger = node.Ledger, Payments = node.Payments, Sagas = node.Sagas, Imports = node.Imports, Projections = node.Projections, Verifier = node.Verifier,
        Time = node.Options.Time,
    };

    private static LogLevel LevelOf(bool verbose) => verbose ? LogLevel.Information : LogLevel.Error;
}
