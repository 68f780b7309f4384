#pragma warning disable CA2000 // The gateway lives as long as its process.
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tideline.Gateway;
using Tideline.Gateway.Door;
using Tideline.Node;
using Tideline.Tools.Load;

namespace Tideline.Tools.Simulation;

/// <summary>
/// A whole node in a simulated process: the product from its HTTP routes to the engines' contracts.
/// </summary>
internal sealed class SimulatedNode
{
    private RequestDelegate? _gateway;

    private SimulatedNode(SimulatedProcess process) => Process = process;

    /// <summary>The process it runs in.</summary>
    public SimulatedProcess Process { get; }

    /// <summary>The node; null until it has started.</summary>
    public TidelineNode? Node { get; private set; }

    /// <summary>Starts a node. The task fails as the start of the program would.</summary>
    public static (SimulatedNode Node, Task Started) Start(SimulatedProcess process, Func<NodeOptions> options)
    {
        var node = new SimulatedNode(process);
        return (node, process.Run(() => node.StartAsync(options())));
    }

    /// <summary>Sends a request; before the node has started, none is accepted.</summary>
    /// <exception cref="ConnectionLostException">The process ended before the answer.</exception>
    public async Task<HttpExchange> SendAsync(HttpExchange exchange)
    {
        if (_gateway is not { } gateway) throw new ConnectionLostException(Process.Name);
        return await Process.CallAsync(async () =>
        {
            await gateway(exchange.Http);
            await exchange.Http.Response.CompleteAsync();
            return exchange;
        });
    }

    private async Task StartAsync(NodeOptions options)
    {
        var node = await TidelineNode.StartAsync(options, CancellationToken.None);
        Node = node;
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(new DiagnosticListener("Tideline.Simulation"));
        services.AddTidelineGateway();
        var web = new ApplicationBuilder(services.BuildServiceProvider());
        web.UseTideline(NodeGateway.PartsOf(node) with { Hosts = HostNames.Loopback });
        var gateway = web.Build();
        _gateway = http => http.Request.Path == SimulatedTransactions.Path
            ? SimulatedTransactions.AnswerAsync(http, node) : gateway(http);
        node.BecomeReachable();
        Process.IsStarted = true;
    }
}
