using Tideline.Consistency;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;

namespace Tideline.Gateway.Routes;

/// <summary>Probes: whether the process runs, and whether it should get traffic.</summary>
internal sealed class HealthRoutes(GatewayParts parts)
{
    private readonly WriteProbe _writes = new(parts.Ledger, parts.Time);

    public void Map(RouteTable routes)
    {
        routes.Get("/health/live", new RouteNotes("Whether the process runs.", """{"status":"live"}"""), LiveAsync);
        routes.Get("/health/ready", new RouteNotes(
            "Whether the process should get traffic: every shard of the ledger reads and writes, here or at its owner, and the projections move. 503 with the reasons when not.",
            """{"status":"ready","checks":[{"name":"ledger shard 0","ok":true,"detail":"0 commands wait"}]}"""), ReadyAsync);
    }

    private static Task<Problem?> LiveAsync(HttpContext http)
    {
        JsonAnswer.Write(http, StatusCodes.Status200OK, 0, static (json, _) => json.WriteString("status"u8, "live"));
        return Task.FromResult<Problem?>(null);
    }

    private async Task<Problem?> ReadyAsync(HttpContext http)
    {
        var checks = new List<HealthCheck>();
        var writes = await _writes.CheckAsync();
        for (var shard = 0; shard < parts.Ledger.Map.Shards; shard++) checks.Add(await CheckShardAsync(shard, writes[shard], http.RequestAborted));
        foreach (var status in parts.Projections.Projector.Status())
            checks.Add(new HealthCheck($"views of shard {status.Shard}", status.Healthy, status.Fault ?? $"{status.LagEvents} events behind"));
        var ready = checks.TrueForAll(check => check.Ok);
        JsonAnswer.Write(http, ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, (ready, checks), static (json, state) =>
        {
            json.WriteString("status"u8, state.ready ? "ready" : "not ready");
            json.WriteStartArray("checks"u8);
            foreach (var check in state.checks)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, check.Name);
                json.WriteBoolean("ok"u8, check.Ok);
                json.WriteString("detail"u8, check.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private async Task<HealthCheck> CheckShardAsync(int shard, string? writeFault, CancellationToken cancel)
    {
        var name = $"ledger shard {shard}";
        try
        {
            await parts.Ledger.Reader(shard).GetHeadAsync(cancel);
            var waiting = parts.Ledger.QueueDepth(shard);
            var detail = parts.Ledger.Owns(shard) ? $"{waiting} commands wait" : $"owned by {parts.Ledger.OwnerElsewhere(shard)}";
            return new HealthCheck(name, writeFault is null && waiting < Limits.ShardQueueDepth, writeFault ?? detail);
        }
        catch (TidelineException fault)
        {
            return new HealthCheck(name, false, fault.Message);
        }
    }

    private sealed record HealthCheck(string Name, bool Ok, string Detail);
}
