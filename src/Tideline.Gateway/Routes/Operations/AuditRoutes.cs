using Tideline.Audit;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Ledger;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>The audit chain: its published heads, and its verification.</summary>
internal sealed class AuditRoutes(GatewayParts parts)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v1/ops/audit/head", new RouteNotes(
            "The newest audit block of each shard; keep a copy elsewhere.",
            """{"items":[{"shard":0,"block":3,"throughSeq":40,"hash":"9f86d081884c7d65"}]}"""), HeadAsync);
        routes.Get("/v1/ops/audit/verify", new RouteNotes(
            "Verifies the audit chain of each shard and names each violation.",
            """{"ok":true,"items":[{"shard":0,"ok":true,"blocks":3,"events":40,"findings":[]}]}"""), VerifyAsync);
    }

    private async Task<Problem?> HeadAsync(HttpContext http)
    {
        var heads = new List<ShardHead>();
        for (var shard = 0; shard < parts.Ledger.Map.Shards; shard++)
            heads.Add(await parts.Ledger.RawReader(shard).GetHeadAsync(http.RequestAborted));
        JsonAnswer.Write(http, StatusCodes.Status200OK, heads, static (json, items) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var head in items)
            {
                json.WriteStartObject();
                json.WriteNumber("shard"u8, head.Shard);
                json.WriteNumber("block"u8, head.BlockNumber);
                json.WriteNumber("throughSeq"u8, head.BlockThroughSeq);
                json.WriteString("hash"u8, Convert.ToHexStringLower(head.BlockHash));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private async Task<Problem?> VerifyAsync(HttpContext http)
    {
        var reports = new List<AuditReport>();
        for (var shard = 0; shard < parts.Ledger.Map.Shards; shard++)
            reports.Add(await new AuditVerifier(parts.Ledger.RawReader(shard)).VerifyAsync(http.RequestAborted));
        JsonAnswer.Write(http, StatusCodes.Status200OK, reports, static (json, items) =>
        {
            json.WriteBoolean("ok"u8, items.TrueForAll(report => report.Ok));
            json.WriteStartArray("items"u8);
            foreach (var report in items)
            {
                json.WriteStartObject();
                json.WriteNumber("shard"u8, report.Shard);
                json.WriteBoolean("ok"u8, report.Ok);
                json.WriteNumber("blocks"u8, report.Blocks);
                json.WriteNumber("events"u8, report.Events);
                json.WriteStartArray("findings"u8);
                foreach (var finding in report.Findings) json.WriteStringValue(finding);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }
}
