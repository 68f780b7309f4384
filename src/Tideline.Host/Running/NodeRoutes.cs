using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tideline.Engines;

namespace Tideline.Host.Running;

/// <summary>Operations on the node as a whole, which no single part of the gateway could carry out.</summary>
internal static class NodeRoutes
{
    public static void Map(IEndpointRouteBuilder endpoints, TidelineNode node)
    {
        endpoints.MapMethods("/v1/ops/consistency", [HttpMethods.Get], http => VerifyAsync(http, node));
        endpoints.MapMethods("/v1/ops/projections/rebuild", [HttpMethods.Get], http => RebuildStatusAsync(http, node));
    }

    private static async Task VerifyAsync(HttpContext http, TidelineNode node)
    {
        var report = await node.Verifier.VerifyAsync(http.Request.Query["deep"] == "true", http.RequestAborted);
        await AnswerAsync(http, json =>
        {
            json.WriteBoolean("ok"u8, report.Ok);
            json.WriteStartArray("checks"u8);
            foreach (var check in report.Checks)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, check.Name);
                json.WriteBoolean("ok"u8, check.Ok);
                json.WriteString("detail"u8, check.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("figures"u8);
            json.WriteEndArray();
        });
    }

    private static Task RebuildStatusAsync(HttpContext http, TidelineNode node)
    {
        var status = node.Projections.Rebuild.Status;
        return AnswerAsync(http, json =>
        {
            json.WriteString("phase"u8, status.Phase);
            json.WriteNumber("version"u8, status.Version);
            json.WriteNumber("eventsApplied"u8, status.EventsApplied);
            json.WriteNumber("eventsTotal"u8, status.EventsTotal);
            json.WriteNumber("compared"u8, status.Compared);
            json.WriteNumber("differing"u8, status.Differing);
            json.WriteNumber("blocked"u8, status.Blocked);
            json.WriteString("message"u8, status.Message);
        });
    }

    private static async Task AnswerAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        http.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted);
    }
}
