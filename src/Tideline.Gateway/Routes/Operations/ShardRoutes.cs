using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Ledger;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>The state of the shards of the strong tier.</summary>
internal sealed class ShardRoutes(GatewayParts parts)
{
    public void Map(RouteTable routes) => routes.Get("/v1/ops/shards", new RouteNotes(
        "The state of each shard: owner (null: no recent lease) and its epoch, newest event, message and audit "
            + "block, commands that wait, and the group of servers that holds it.",
        """
        {"placementVersion":1,"items":[{"shard":0,"group":0,"placementEpoch":1,
        "owner":"process 4711 on node-1 (http://node-1:7400)","epoch":1,"eventSeq":42,"messageSeq":7,"auditBlock":3,
        "auditedThroughSeq":40,"waiting":0,"lastCommitAt":"2026-01-31T12:00:00.000000Z"}]}
        """), GetAsync);

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var heads = new List<(ShardHead Head, ShardOwner? Owner, int Waiting)>();
        for (var shard = 0; shard < parts.Ledger.Map.Shards; shard++)
        {
            var reader = parts.Ledger.RawReader(shard);
            heads.Add((await reader.GetHeadAsync(http.RequestAborted),
                await reader.GetOwnerAsync(http.RequestAborted), parts.Ledger.QueueDepth(shard)));
        }

        var placement = parts.Ledger.Placement;
        JsonAnswer.Write(http, StatusCodes.Status200OK, (heads, placement), static (json, shown) =>
        {
            json.WriteNumber("placementVersion"u8, shown.placement.Version);
            json.WriteStartArray("items"u8);
            foreach (var (head, owner, waiting) in shown.heads)
                Write(json, head, shown.placement.Shards[head.Shard], owner, waiting);
            json.WriteEndArray();
        });
        return null;
    }

    private static void Write(Utf8JsonWriter json, ShardHead head, ShardPlace place, ShardOwner? owner, int waiting)
    {
        json.WriteStartObject();
        json.WriteNumber("shard"u8, head.Shard);
        json.WriteNumber("group"u8, place.Group);
        json.WriteNumber("placementEpoch"u8, place.Epoch);
        json.WriteString("owner"u8, owner?.ToString());
        json.WriteNumber("epoch"u8, head.Epoch);
        json.WriteNumber("eventSeq"u8, head.EventSeq);
        json.WriteNumber("messageSeq"u8, head.MessageSeq);
        json.WriteNumber("auditBlock"u8, head.BlockNumber);
        json.WriteNumber("auditedThroughSeq"u8, head.BlockThroughSeq);
        json.WriteNumber("waiting"u8, waiting);
        json.WriteString("lastCommitAt"u8, head.TimeUs == 0 ? null : Timestamp.Write(head.TimeUs));
        json.WriteEndObject();
    }
}
