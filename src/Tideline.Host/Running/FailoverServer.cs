using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tideline.Engines.Failover;
using Tideline.Gateway.Door;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>The role <c>failover</c>: a controller for each group of MySQL servers, with health and metrics.</summary>
internal sealed class FailoverServer : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly IReadOnlyList<FailoverController> _controllers;

    private FailoverServer(WebApplication web, IReadOnlyList<FailoverController> controllers) =>
        (_web, _controllers) = (web, controllers);

    /// <summary>The address for programs on this machine.</summary>
    public string Address => WebHosting.AddressOf(_web);

    /// <summary>The controlled groups, each described by its members.</summary>
    public IEnumerable<string> Groups => _controllers.Select(controller => controller.Group);

    /// <summary>
    /// Starts to listen, then to control. A group that does not exist yet is formed once all of its members answer.
    /// </summary>
    /// <param name="primaries">The MySQL addresses, as configured for the ledger; each that names several servers is a
    /// group.</param>
    /// <exception cref="TidelineException">InvalidInput: no address names a group. AlreadyOwned: the port is
    /// taken.</exception>
    public static async Task<FailoverServer> StartAsync(IReadOnlyList<string> primaries, IPEndPoint endpoint,
        HostNames hosts, bool verbose, CancellationToken cancel)
    {
        var groups = primaries.Where(FailoverOptions.IsGroup).ToArray();
        if (groups.Length == 0)
            throw new TidelineException(ErrorCode.InvalidInput, "The role failover controls groups of MySQL "
                + "servers, but no address names one: Server=mysql-1:3306,mysql-2:3306,mysql-3:3306;User ID=…");
        FreePort.Require(endpoint);
        WebHosting.PrepareThreads();
        // The controller's actions are logged at every level of verbosity.
        var web = WebHosting.Begin(endpoint, verbose ? LogLevel.Information : LogLevel.Warning).Build();
        var logger = web.Services.GetRequiredService<ILogger<FailoverController>>();
        var controllers = groups.Select(group =>
            new FailoverController(new FailoverOptions { Group = group }, TimeProvider.System, logger)).ToArray();
        web.UseDoor(hosts);
        web.MapGet("/health/live",
            http => WriteAsync(http, StatusCodes.Status200OK, json => json.WriteString("status", "live")));
        web.MapGet("/health/ready", http => ReadyAsync(http, controllers));
        web.MapGet("/metrics", http => http.Response.WriteAsync(Metrics(controllers), http.RequestAborted));
        try
        {
            await web.StartAsync(cancel);
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            await web.DisposeAsync();
            throw FreePort.Taken(endpoint, fault);
        }

        foreach (var controller in controllers) controller.Start();
        return new FailoverServer(web, controllers);
    }

    public Task WaitForShutdownAsync() => _web.WaitForShutdownAsync();

    /// <summary>Stops controlling: the locks are released, and another controller takes over.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var controller in _controllers) await controller.DisposeAsync();
        await _web.DisposeAsync();
    }

    // A controller is ready if it leads and has nothing to refuse, or if it stands by for another controller.
    private static Task ReadyAsync(HttpContext http, IReadOnlyList<FailoverController> controllers)
    {
        var ready = controllers.All(controller => controller.Refusal is null);
        return WriteAsync(http, ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, json =>
        {
            json.WriteString("status", ready ? "ready" : "not ready");
            json.WriteStartArray("groups");
            foreach (var controller in controllers) Write(json, controller);
            json.WriteEndArray();
        });
    }

    private static void Write(Utf8JsonWriter json, FailoverController controller)
    {
        json.WriteStartObject();
        json.WriteString("group", controller.Group);
        json.WriteBoolean("leads", controller.IsLeading);
        json.WriteString("primary", controller.Primary);
        json.WriteNumber("term", controller.Term);
        json.WriteNumber("followers", controller.Followers);
        json.WriteStartArray("quarantined");
        foreach (var member in controller.InQuarantine) json.WriteStringValue(member);
        json.WriteEndArray();
        json.WriteString("refusal", controller.Refusal);
        json.WriteEndObject();
    }

    private static string Metrics(IReadOnlyList<FailoverController> controllers)
    {
        var text = new Gateway.Metrics.PrometheusText();
        Family("tideline_failover_leads",
            "Whether this controller leads the group.", controller => controller.IsLeading ? 1 : 0);
        Family("tideline_failover_has_primary", "Whether the group has a primary, as its leading controller sees it.",
            controller => controller.Primary is null ? 0 : 1);
        Family("tideline_failover_term", "The term of the primary.", controller => controller.Term);
        Family("tideline_failover_followers", "Members that follow the primary.", controller => controller.Followers);
        Family("tideline_failover_quarantined",
            "Members with transactions that no other member has.", controller => controller.InQuarantine.Count);
        Family("tideline_failover_refusing", "Whether an action is needed but cannot be done safely.",
            controller => controller.Refusal is null ? 0 : 1);
        Family("tideline_failover_failovers_total",
            "Failovers performed by this controller.", controller => controller.Failovers, "counter");
        return text.ToString();

        void Family(string name, string help, Func<FailoverController, double> value, string type = "gauge")
        {
            text.Family(name, type, help);
            foreach (var controller in controllers) text.Sample(name, value(controller), "group", controller.Group);
        }
    }

    private static async Task WriteAsync(HttpContext http, int status, Action<Utf8JsonWriter> fields)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        fields(json);
        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted);
    }
}
