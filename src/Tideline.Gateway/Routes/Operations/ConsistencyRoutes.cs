using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>Verifies that ledger, log and views agree.</summary>
internal sealed class ConsistencyRoutes(GatewayParts parts)
{
    private static readonly BodyShape Depth = new(
        new BodyField("deep", "true checks every document and every record; default: a sample.", "true"));

    public void Map(RouteTable routes) => routes.Get("/v1/ops/consistency", new RouteNotes(
        "Checks the invariants of ledger, log and views while traffic runs, and names each violation.",
        """
        {"ok":true,"checks":[{"name":"I1 the sum of all balances is zero per currency","ok":true,
        "detail":"shard 0: 12 accounts in 1 currency"}],"figures":[]}
        """)
    {
        Query = Depth,
    }, VerifyAsync);

    private async Task<Problem?> VerifyAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Depth);
        var deep = QueryReader.Flag(query, "deep");
        if (query.Problem is { } problem) return problem;
        var report = await parts.Verifier.VerifyAsync(deep, http.RequestAborted);
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
}
