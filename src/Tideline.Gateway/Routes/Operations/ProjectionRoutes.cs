using System.Text.Json;
using Tideline.Consistency;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Projections;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>The progress of projections, and their rebuild.</summary>
internal sealed class ProjectionRoutes(GatewayParts parts)
{
    private const string Example = """
        {"items":[{"projection":"customers","shard":0,"viewVersion":1,"watermark":42,"head":42,"lagEvents":0,
        "lagMs":0,"healthy":true,"fault":null,"blockedKeys":0}]}
        """;

    private const string Rebuilt = """
        {"items":[{"projection":"customers","phase":"switched","version":2,"eventsApplied":42,"eventsTotal":42,
        "compared":6,"differing":0,"blocked":0,"collections":[{"name":"customers","compared":6,"differing":0,
        "blocked":0,"differingIds":[]}],"message":"Version 2 answers; version 1 is kept."}]}
        """;

    private static readonly BodyField Which = new(
        "projection", "the projection; without it, all projections.", "customers");
    private static readonly BodyShape One = new(Which);
    private static readonly BodyShape Start = new(
        Which,
        new("force", "whether to switch even if documents differ from the live ones.", "true", IsFlag: true));
    private static readonly BodyShape Mend = new(
        new BodyField("projection", "the projection.", "customers", Required: true));

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/ops/lag",
            new RouteNotes("How far each projection is behind the ledger, per shard.", Example) { Query = One },
            StatusAsync);
        routes.Get("/v1/ops/projections",
            new RouteNotes("How far each projection is, per shard.", Example) { Query = One }, StatusAsync);
        routes.Post("/v1/ops/projections/rebuild", new RouteNotes(
            "Rebuilds one projection, or all in turn, beside the live views, compares, and switches.",
            """{"status":"started"}""")
        {
            Status = 202, Body = Start,
        }, RebuildAsync);
        routes.Get("/v1/ops/projections/rebuild", new RouteNotes(
            "The progress of the rebuild of each projection, or the result of the last one: idle, waiting, building, "
                + "comparing, switched, refused or failed.",
            Rebuilt)
        { Query = One }, RebuildStatusAsync);
        routes.Post("/v1/ops/projections/repair/{id}", new RouteNotes(
            "Rebuilds the document of one key, and its rows, from the ledger, whatever they contain now. A reason " +
                "says why it failed: an event cannot be folded.",
            """{"key":"0197a1b2-0000-7000-8000-000000000001","events":5,"documents":1,"reason":null}""")
        {
            Body = Mend,
        }, RepairAsync);
        routes.Get("/v1/ops/projections/compare/{id}", new RouteNotes(
            "Compares one document with the rows of the ledger while traffic runs: its clock, and at equal versions "
            + "its figures. Says who was edited: the view, or the ledger.",
            """
            {"key":"0197a1b2-0000-7000-8000-000000000001","ok":false,"order":"equal","verdict":"view-edited",
            "detail":"The document was edited outside the program.","items":[
            {"aggregate":"0197a1b2-0000-7000-8000-00000000000a","viewVersion":3,"ledgerVersion":3,
            "verdict":"view-edited"}]}
            """)
        { Query = Mend }, CompareAsync);
    }

    private async Task<Problem?> CompareAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Mend);
        var key = query.PathText(http, GatewayLimits.DocumentKeyCharacters);
        var projection = Find(query);
        if (query.Problem is { } problem) return problem;
        var report = await new DocumentAgreement(parts.Ledger, projection[0], parts.Projections.Views)
            .CompareAsync(key, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, report, static (json, found) =>
        {
            json.WriteString("key"u8, found.Key);
            json.WriteBoolean("ok"u8, found.IsWell);
            json.WriteString("order"u8, found.Order);
            json.WriteString("verdict"u8, found.Verdict);
            json.WriteString("detail"u8, found.Detail);
            json.WriteStartArray("items"u8);
            foreach (var each in found.Aggregates)
            {
                json.WriteStartObject();
                json.WriteString("aggregate"u8, each.Id);
                WriteVersion(json, "viewVersion"u8, each.ViewVersion);
                WriteVersion(json, "ledgerVersion"u8, each.LedgerVersion);
                json.WriteString("verdict"u8, each.Verdict);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private static void WriteVersion(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? version)
    {
        if (version is { } known) json.WriteNumber(name, known);
        else json.WriteNull(name);
    }

    private async Task<Problem?> RepairAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, Mend);
        var key = fields.PathText(http, GatewayLimits.DocumentKeyCharacters);
        var projection = Find(fields);
        if (fields.Problem is { } problem) return problem;
        JsonAnswer.Write(
            http, StatusCodes.Status200OK, await projection[0].Repair.RepairAsync(key, http.RequestAborted),
            static (json, result) =>
        {
            json.WriteString("key"u8, result.Key);
            json.WriteNumber("events"u8, result.Events);
            json.WriteNumber("documents"u8, result.Documents);
            json.WriteString("reason"u8, result.Reason);
        });
        return null;
    }

    private Task<Problem?> StatusAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, One);
        var projections = Find(query);
        if (query.Problem is { } problem) return Task.FromResult<Problem?>(problem);
        JsonAnswer.Write(
            http, StatusCodes.Status200OK, projections.SelectMany(each => each.Projector.Status()),
            static (json, items) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var status in items)
            {
                json.WriteStartObject();
                json.WriteString("projection"u8, status.Projection);
                json.WriteNumber("shard"u8, status.Shard);
                json.WriteNumber("viewVersion"u8, status.ViewVersion);
                json.WriteNumber("watermark"u8, status.Watermark);
                json.WriteNumber("head"u8, status.Head);
                json.WriteNumber("lagEvents"u8, status.LagEvents);
                if (double.IsFinite(status.LagMs)) json.WriteNumber("lagMs"u8, status.LagMs);
                else json.WriteNull("lagMs"u8);
                json.WriteBoolean("healthy"u8, status.Healthy);
                json.WriteString("fault"u8, status.Fault);
                json.WriteNumber("blockedKeys"u8, status.BlockedKeys);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return Task.FromResult<Problem?>(null);
    }

    private Task<Problem?> RebuildStatusAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, One);
        var projections = Find(query);
        if (query.Problem is { } problem) return Task.FromResult<Problem?>(problem);
        JsonAnswer.Write(http, StatusCodes.Status200OK, projections, static (json, items) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var projection in items) Write(json, projection.Name, projection.Rebuild.Status);
            json.WriteEndArray();
        });
        return Task.FromResult<Problem?>(null);
    }

    private async Task<Problem?> RebuildAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadOptionalAsync(http, Start);
        var projections = Find(fields);
        if (fields.Problem is { } problem) return problem;
        // All or none.
        foreach (var projection in projections) projection.Rebuild.RequireIdle();
        foreach (var projection in projections) projection.Rebuild.Start(fields.Flag("force"));
        JsonAnswer.Write(
            http, StatusCodes.Status202Accepted, 0, static (json, _) => json.WriteString("status"u8, "started"));
        return null;
    }

    // The named projection, or all.
    private IReadOnlyList<Projection> Find(FieldReader fields)
    {
        if (fields.OptionalText(Which.Name, GatewayLimits.DocumentKeyCharacters) is not { } name)
            return parts.Projections.All;
        if (parts.Projections.All.FirstOrDefault(projection => projection.Name == name) is { } found) return [found];
        fields.Fail(ProblemTypes.InvalidField, $"There is no projection '{name}'; there are "
            + $"{string.Join(", ", parts.Projections.All.Select(projection => projection.Name))}.", Which.Name);
        return [];
    }

    private static void Write(Utf8JsonWriter json, string projection, RebuildStatus status)
    {
        json.WriteStartObject();
        json.WriteString("projection"u8, projection);
        json.WriteString("phase"u8, status.Phase);
        json.WriteNumber("version"u8, status.Version);
        json.WriteNumber("eventsApplied"u8, status.EventsApplied);
        json.WriteNumber("eventsTotal"u8, status.EventsTotal);
        json.WriteNumber("compared"u8, status.Compared);
        json.WriteNumber("differing"u8, status.Differing);
        json.WriteNumber("blocked"u8, status.Blocked);
        json.WriteStartArray("collections"u8);
        foreach (var collection in status.Collections) Write(json, collection);
        json.WriteEndArray();
        json.WriteString("message"u8, status.Message);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ComparedCollection collection)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, collection.Name);
        json.WriteNumber("compared"u8, collection.Compared);
        json.WriteNumber("differing"u8, collection.Differing);
        json.WriteNumber("blocked"u8, collection.Blocked);
        json.WriteStartArray("differingIds"u8);
        foreach (var id in collection.DifferingIds) json.WriteStringValue(id);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
