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

/// <summary>
/// The role <c>failover</c>: a controller for each group of MySQL servers, and what tells how they are.
/// </summary>
internal sealed class FailoverServer : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly IReadOnlyList<FailoverController> _controllers;

    private FailoverServer(WebApplication web, IReadOnlyList<FailoverController> controllers) =>
        (_web, _controllers) = (web, controllers);

    /// <summary>Where programs of this machine reach it.</summary>
    public string Address => WebHosting.AddressOf(_web);

    /// <summary>The groups that are watched over, each by its members.</summary>
    public IEnumerable<string> Groups => _controllers.Select(controller => controller.Group);

    /// <summary>
    /// Starts to listen, then to watch. A group that was never made is made when all of its members answer.
    /// </summary>
    /// <param name="primaries">The addresses of MySQL, as the ledger has them; each that names several servers is a
    /// group.</param>
    /// <exception cref="TidelineException">InvalidInput: no address names a group. AlreadyOwned: the port is
    /// taken.</exception>
    public static async Task<FailoverServer> StartAsync(IReadOnlyList<string> primaries, IPEndPoint endpoint,
        HostNames hosts, bool verbose, CancellationToken cancel)
    {
        var groups = primaries.Where(FailoverOptions.IsGroup).ToArray();
        if (groups.Length == 0)
            throw new TidelineException(ErrorCode.InvalidInput, "The role failover controls groups of MySQL "
                + "servers, and no address is one: Server=mysql-1:3306,mysql-2:3306,mysql-3:3306;User ID=…");
        FreePort.Require(endpoint);
        WebHosting.PrepareThreads();
        // What a controller does is told, whatever else is not.
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

    /// <summary>Ends the watch: the locks go, and another controller takes over.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var controller in _controllers) await controller.DisposeAsync();
        await _web.DisposeAsync();
    }

    // Ready is who leads and has nothing to refuse, or who stands by for another controller.
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
            "Whether this controller acts for the group.", controller => controller.IsLeading ? 1 : 0);
        Family("tideline_failover_has_primary", "Whether the group has a primary, as its leading controller sees it.",
            controller => controller.Primary is null ? 0 : 1);
        Family("tideline_failover_term", "The term of the primary.", controller => controller.Term);
        Family("tideline_failover_followers", "Members that follow the primary.", controller => controller.Followers);
        Family("tideline_failover_quarantined",
            "Members that have what no other has.", controller => controller.InQuarantine.Count);
        Family("tideline_failover_refusing", "Whether something should be done and cannot be done safely.",
            controller => controller.Refusal is null ? 0 : 1);
        Family("tideline_failover_failovers_total",
            "Failovers that this controller carried out.", controller => controller.Failovers, "counter");
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
