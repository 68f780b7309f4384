#pragma warning disable CA2000 // The server owns its client for other processes.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tideline.Gateway;
using Tideline.Gateway.Door;
using Tideline.Gateway.Http;
using Tideline.Gateway.Peers;
using Tideline.Kernel;
using Tideline.Node;

namespace Tideline.Host.Running;

/// <summary>A node with its gateway.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ILoggerFactory _loggers;
    private readonly PeerClient _peers;
    private readonly Doorstep _doorstep;
    private int _disposed;

    private Server(TidelineNode node, WebApplication web, Doorstep doorstep, ILoggerFactory loggers, PeerClient peers,
        IPAddress listens) =>
        (Node, _web, _doorstep, _loggers, _peers, Listens) = (node, web, doorstep, loggers, peers, listens);

    public TidelineNode Node { get; }

    /// <summary>The address for programs on this machine, as in <c>http://127.0.0.1:7400</c>.</summary>
    public string Address => WebHosting.AddressOf(_web);

    /// <summary>The address that it listens on.</summary>
    public IPAddress Listens { get; }

    /// <summary>Cancelled by SIGTERM or Ctrl-C.</summary>
    public CancellationToken Stopping => _web.Lifetime.ApplicationStopping;

    /// <summary>
    /// Listens, then starts the node, then opens the gateway: probes are answered from the start. In the cluster
    /// profile the node acquires shards only once the gateway answers, because other processes send commands to it.
    /// </summary>
    /// <exception cref="TidelineException">The folder is in use, too new or not writable; or the port is taken, and
    /// then nothing was changed.</exception>
    public static async Task<Server> StartAsync(NodeOptions options, IPEndPoint endpoint, HostNames hosts,
        bool verbose, CancellationToken cancel)
    {
        WebHosting.PrepareThreads();
        FreePort.Require(endpoint);
        PrivateFiles.Prepare(options.DataDirectory);
        var loggers = LoggerFactory.Create(logging => WebHosting.Configure(logging, LevelOf(verbose)));
        var peers = new PeerClient();
        var doorstep = new Doorstep();
        var web = Build(doorstep, endpoint, verbose);
        try
        {
            await web.StartAsync(cancel);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(
                cancel, web.Lifetime.ApplicationStopping);
            var node = await TidelineNode.StartAsync(
                options with { Loggers = loggers, Carry = options.Cluster is null ? null : peers.CarryAsync },
                either.Token);
            doorstep.Open(GatewayOf(web.Services, node, hosts));
            node.BecomeReachable();
            return new Server(node, web, doorstep, loggers, peers, endpoint.Address);
        }
        catch (Exception fault)
        {
            await web.DisposeAsync();
            peers.Dispose();
            if (fault is IOException { InnerException: AddressInUseException } taken) throw FreePort.Taken(
                endpoint, taken);
            throw;
        }
    }

    /// <summary>Returns when a stop is requested.</summary>
    public Task WaitForShutdownAsync() =>
        Task.Delay(Timeout.Infinite, Stopping).ContinueWith(static _ => { }, TaskScheduler.Default);

    /// <summary>
    /// Finishes the requests in progress, ends the node, and then stops listening: until then it is live but not ready.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _doorstep.CloseAsync(TimeSpan.FromMilliseconds(HostLimits.DrainMs / 2));
        await Node.DisposeAsync();
        await _web.StopAsync(CancellationToken.None);
        await _web.DisposeAsync();
        _peers.Dispose();
        _loggers.Dispose();
    }

    private static WebApplication Build(Doorstep doorstep, IPEndPoint endpoint, bool verbose)
    {
        var builder = WebHosting.Begin(endpoint, LevelOf(verbose));
        builder.Services.AddTidelineGateway();
        var web = builder.Build();
        web.Run(doorstep.HandleAsync);
        return web;
    }

    private static RequestDelegate GatewayOf(IServiceProvider services, TidelineNode node, HostNames hosts)
    {
        var gateway = new ApplicationBuilder(services);
        gateway.UseTideline(NodeGateway.PartsOf(node) with { Hosts = hosts });
        return gateway.Build();
    }

    private static LogLevel LevelOf(bool verbose) => verbose ? LogLevel.Information : LogLevel.Error;
}
