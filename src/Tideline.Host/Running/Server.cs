using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
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
    public string Address => ListenAddress.Reached(_web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>The address that it listens on.</summary>
    public IPAddress Listens { get; }

    /// <summary>Cancelled by SIGTERM or Ctrl-C.</summary>
    public CancellationToken Stopping => _web.Lifetime.ApplicationStopping;

    /// <summary>Starts the node, then the gateway.</summary>
    /// <exception cref="TidelineException">The folder is in use, too new or not writable; the port is taken: then nothing was touched.</exception>
    public static async Task<Server> StartAsync(NodeOptions options, IPEndPoint endpoint, bool verbose, CancellationToken cancel)
    {
        // The shards' writers are threads of their own; the pool needs more than the processors for continuations to be prompt, also while some wait for a server that does not answer.
        ThreadPool.SetMinThreads(Math.Max(32, Environment.ProcessorCount * 2), 8);
        FreePort.Require(endpoint);
        var loggers = LoggerFactory.Create(logging => Configure(logging, verbose));
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
        // The content root is the program's own folder: settings that lie about in the working folder are none of ours.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        Configure(builder.Logging, verbose);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Limits.ImportBytes;
            kestrel.Listen(endpoint);
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(Limits.DrainMs / 2));
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

    private static void Configure(ILoggingBuilder logging, bool verbose)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console => console.SingleLine = true);
        logging.SetMinimumLevel(verbose ? LogLevel.Information : LogLevel.Error);
    }
}
