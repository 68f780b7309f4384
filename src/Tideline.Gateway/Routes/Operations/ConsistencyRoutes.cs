using Tideline.Consistency;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>Verifies that ledger, log and views agree.</summary>
internal sealed class ConsistencyRoutes(GatewayParts parts)
{
    private static readonly BodyShape Depth = new(
        new BodyField("deep", "true checks every document and every record; default: a sample.", "true"));

    private readonly List<Verifier> _running = [];

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/ops/consistency", new RouteNotes(
            "Checks the invariants of ledger, log and views while traffic runs, and names each violation.",
            """
            {"ok":true,"checks":[{"name":"I1 the sum of all balances is zero per currency","ok":true,
            "detail":"shard 0: 12 accounts in 1 currency"}],"figures":[]}
            """)
        {
            Query = Depth,
        }, VerifyAsync);
        routes.Get("/v1/ops/consistency/progress", new RouteNotes(
            "Where each running check of the invariants is, the oldest first. Without a shard: all of them.",
            """
            {"items":[{"check":"I1 the sum of all balances is zero per currency","shard":0,"done":0,"total":null}]}
            """), ProgressAsync);
    }

    private async Task<Problem?> VerifyAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Depth);
        var deep = QueryReader.Flag(query, "deep");
        if (query.Problem is { } problem) return problem;
        var report = await RunAsync(parts.Verifier, deep, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, report, static (json, found) =>
        {
            json.WriteBoolean("ok"u8, found.Ok);
            json.WriteStartArray("checks"u8);
            foreach (var check in found.Checks)
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
        return null;
    }

    private async Task<VerifyReport> RunAsync(Verifier verifier, bool deep, CancellationToken cancel)
    {
        lock (_running) _running.Add(verifier);
        try
        {
            return await verifier.VerifyAsync(deep, cancel);
        }
        finally
        {
            lock (_running) _running.Remove(verifier);
        }
    }

    private Task<Problem?> ProgressAsync(HttpContext http)
    {
        List<VerifyProgress> running;
        lock (_running) running = _running.ConvertAll(verifier => verifier.Progress);
        JsonAnswer.Write(http, StatusCodes.Status200OK, running, static (json, items) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var item in items)
            {
                json.WriteStartObject();
                json.WriteString("check"u8, item.Check);
                if (item.Shard is { } shard) json.WriteNumber("shard"u8, shard);
                else json.WriteNull("shard"u8);
                json.WriteNumber("done"u8, item.Done);
                if (item.Total is { } total) json.WriteNumber("total"u8, total);
                else json.WriteNull("total"u8);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return Task.FromResult<Problem?>(null);
    }
}
