using Tideline.Consistency;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>
/// Health probes: whether the process runs, whether it can execute a command, whether its views are fresh, and all of
/// its faults.
/// </summary>
internal sealed class HealthRoutes(GatewayParts parts)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(VerifyLimits.WriteProbeTimeoutMs);
    private readonly WriteProbe _writes = new(parts.Ledger, parts.Time);

    public void Map(RouteTable routes)
    {
        routes.Get("/health/live", new RouteNotes("Whether the process runs.", """{"status":"live"}"""), LiveAsync);
        routes.Get("/health/ready", new RouteNotes(
            "Whether the node can execute a command for at least one shard, here or at its owner: for load balancers. "
                + "503 when not, while it starts, and while it drains.",
            """{"status":"ready","checks":[{"name":"ledger shard 0","ok":true,"detail":"0 commands wait"}]}"""),
            ReadyAsync);
        routes.Get("/health/fresh", new RouteNotes(
            "Whether the views are within their bound. 503 with the reasons when not.",
            """{"status":"fresh","checks":[{"name":"customers of shard 0","ok":true,"detail":"well"}]}"""), FreshAsync);
        routes.Get("/health/detail", new RouteNotes(
            "Every shard, part, view and topic with its faults: for alarms. 503 while there are any.",
            """{"status":"sound","checks":[{"name":"relay","ok":true,"detail":"well"}]}"""), DetailAsync);
    }

    private static Task<Problem?> LiveAsync(HttpContext http)
    {
        JsonAnswer.Write(http, StatusCodes.Status200OK, 0, static (json, _) => json.WriteString("status"u8, "live"));
        return Task.FromResult<Problem?>(null);
    }

    private async Task<Problem?> ReadyAsync(HttpContext http)
    {
        var shards = await CheckShardsAsync(http.RequestAborted);
        var node = CheckParts(scope => scope == FaultScope.Commands);
        var ready = Array.Exists(shards, shard => shard.Ok) && node.TrueForAll(part => part.Ok);
        return Answer(http, ready, ready ? "ready" : "not ready", [.. shards, .. node]);
    }

    private Task<Problem?> FreshAsync(HttpContext http)
    {
        var views = CheckParts(scope => scope == FaultScope.Freshness);
        var fresh = views.TrueForAll(part => part.Ok);
        return Task.FromResult(Answer(http, fresh, fresh ? "fresh" : "stale", views));
    }

    private async Task<Problem?> DetailAsync(HttpContext http)
    {
        List<HealthCheck> checks = [.. await CheckShardsAsync(http.RequestAborted), .. CheckParts(static _ => true)];
        var sound = checks.TrueForAll(check => check.Ok);
        return Answer(http, sound, sound ? "sound" : "faulty", checks);
    }

    private static Problem? Answer(HttpContext http, bool ok, string status, IReadOnlyList<HealthCheck> checks)
    {
        JsonAnswer.Write(http, ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            (status, checks), static (json, state) =>
        {
            json.WriteString("status"u8, state.status);
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

    private List<HealthCheck> CheckParts(Func<FaultScope, bool> asked) =>
        [.. parts.Health.Checks().Where(part => asked(part.Scope))
            .Select(part => new HealthCheck(part.Part, part.Fault is null, part.Fault ?? "well"))];

    /// <summary>Checks each shard: whether it accepts writes, and whether reads are answered.</summary>
    public async Task<HealthCheck[]> CheckShardsAsync(CancellationToken cancel)
    {
        var writes = await _writes.CheckAsync();
        return await Task.WhenAll(Enumerable.Range(0, parts.Ledger.Map.Shards)
            .Select(shard => CheckShardAsync(shard, writes[shard], cancel)));
    }

    private async Task<HealthCheck> CheckShardAsync(int shard, string? writeFault, CancellationToken cancel)
    {
        var name = $"ledger shard {shard}";
        if (writeFault is not null) return new HealthCheck(name, false, writeFault);
        try
        {
            await parts.Ledger.RawReader(shard).GetHeadAsync(cancel).AsTask().WaitAsync(Patience, parts.Time, cancel);
            var waiting = parts.Ledger.QueueDepth(shard);
            return new HealthCheck(
                name, waiting < LedgerLimits.ShardQueueDepth, parts.Ledger.Owns(shard) ? $"{waiting} commands wait"
                    : $"owned by {parts.Ledger.OwnerElsewhere(shard)}");
        }
        catch (TimeoutException)
        {
            return new HealthCheck(name, false,
                $"A read was not answered within {VerifyLimits.WriteProbeTimeoutMs / 1_000} s.");
        }
        catch (TidelineException fault)
        {
            return new HealthCheck(name, false, fault.Message);
        }
    }
}

/// <summary>The result of checking one part.</summary>
internal sealed record HealthCheck(string Name, bool Ok, string Detail);
