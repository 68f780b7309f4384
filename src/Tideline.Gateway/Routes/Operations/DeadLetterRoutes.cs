using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Projections;
using Tideline.Sagas;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>
/// Dead letters of both kinds, by source: events that could not be projected (views), in order under the key of their
/// document, and saga messages that could not be handled (sagas), each under its own id. They can be listed, replayed
/// or discarded. While the views are not open, only those of sagas are served.
/// </summary>
internal sealed class DeadLetterRoutes(GatewayParts parts)
{
    private const string Replayed =
        """
        {"projection":"customers","key":"0197a1b2-0000-7000-8000-000000000001","letters":2,"applied":2,
        "stoppedAt":null,"reason":null}
        """;
    private const string List = "dlq";

    // Marks a page of saga letters in a cursor; no projection has this name.
    private const string Sagas = "-";
    private const string ViewsLeftOut =
        "The list omits dead letters of projections: the views are not open yet; /health/detail says why.";

    private const string Listed =
        """
        {"key":"0197a1b2-0000-7000-8000-000000000001","source":"views","projection":"customers","letters":2,
        "reason":"…"}
        """;

    private static readonly BodyField Which = new(
        "projection", "the projection; required if the key has letters in several projections.", "customers");
    private static readonly BodyShape Show = new(Which);
    private static readonly BodyShape Replay = new(
        new("dryRun", "whether to change nothing and only report.", "true", IsFlag: true), Which);

    private static readonly BodyShape ReplayMany = new(
        new("dryRun", "whether to change nothing and only report.", "true", IsFlag: true),
        new("cursor", "the nextCursor of the previous answer.", "ZGxxfDAxOTdhMWIy"));

    private static readonly BodyShape Discard = new(
        new("reason", "why; stored with the letters.", "Bad test data", Required: true),
        new("firstOnly", "whether to discard only the first letter.", "true", IsFlag: true), Which);

    public void Map(RouteTable routes)
    {
        routes.Get(
            "/v1/ops/dlq",
            new RouteNotes(
                "Keys with waiting events, oldest first, then saga messages. 'leftOut' names what the list lacks.",
                $$"""{"items":[{{Listed}}],"leftOut":null}"""),
            ListAsync);
        routes.Get("/v1/ops/dlq/{id}",
            new RouteNotes("The letters of a key, in order.", """{"items":[]}""") { Query = Show }, ShowAsync);
        routes.Post(
            "/v1/ops/dlq/{id}/replay",
            new RouteNotes(
                "Applies the letters of a key in order, or handles a saga message.",
                $$"""{"items":[{{Replayed}}]}""")
            { Body = Replay },
            ReplayAsync);
        routes.Post("/v1/ops/dlq/replay", new RouteNotes(
            $"Replays the letters of every key, {ProjectionLimits.ReplayKeys} keys per call: projections, then sagas.",
            $$"""{"items":[{{Replayed}}],"nextCursor":null,"leftOut":null}""")
        {
            Body = ReplayMany,
        }, ReplayManyAsync);
        routes.Post("/v1/ops/dlq/{id}/discard",
            new RouteNotes("Discards the letters of a key.", """{"discarded":1}""") { Body = Discard }, DiscardAsync);
    }

    private async Task<Problem?> ListAsync(HttpContext http)
    {
        var (sagas, away) = await parts.SagaLetters.ListAsync(default, SagaLimits.WatchRows, http.RequestAborted);
        var views = parts.FindProjections()?.All
            .SelectMany(projection => projection.DeadLetters.List().Select(key => (projection.Name, key))).ToList();
        var leftOut = Join(views is null ? ViewsLeftOut : null, away);
        JsonAnswer.Write(http, StatusCodes.Status200OK, (Keys: views, Sagas: sagas, leftOut), static (json, found) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var (projection, blocked) in found.Keys ?? [])
            {
                json.WriteStartObject();
                json.WriteString("key"u8, blocked.Key);
                json.WriteString("source"u8, "views");
                json.WriteString("projection"u8, projection);
                json.WriteNumber("letters"u8, blocked.Letters);
                json.WriteString("since"u8, Timestamp.Write(blocked.SinceUs));
                json.WriteString("reason"u8, blocked.Reason);
                json.WriteEndObject();
            }

            foreach (var letter in found.Sagas)
            {
                json.WriteStartObject();
                json.WriteString("key"u8, letter.LetterId);
                json.WriteString("source"u8, "sagas");
                json.WriteNumber("letters"u8, letter.Times);
                json.WriteString("since"u8, Timestamp.Write(letter.Since));
                json.WriteString("reason"u8, letter.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("leftOut"u8, found.leftOut);
        });
        return null;
    }

    private static string? Join(string? views, string? shards) =>
        views is null || shards is null ? views ?? shards : $"{views} {shards}";

    // The program derives the ids of saga letters, so no document has one of them.
    private static Guid? SagaLetter(string key) =>
        Guid.TryParseExact(key, "D", out var id) && DerivedId.IsDerived(id) ? id : null;

    // The named projection, or the one with letters of the key.
    private Projection? FindProjection(FieldReader fields, string key)
    {
        var name = fields.OptionalText(Which.Name, GatewayLimits.DocumentKeyCharacters);
        if (fields.Problem is not null) return null;
        if (name is not null) return parts.Projections[name];
        var waits = parts.Projections.All
            .Where(projection => projection.DeadLetters.List().Any(blocked => blocked.Key == key)).ToList();
        if (waits.Count > 1)
            fields.Fail(ProblemTypes.InvalidField, "Several projections have dead letters of this key. Name one: "
                + $"{string.Join(", ", waits.Select(projection => projection.Name))}.", Which.Name);
        return waits.Count == 1 ? waits[0] : parts.Projections.All[0];
    }

    private async Task<Problem?> ShowSagaLetterAsync(HttpContext http, Guid key)
    {
        var letter = await parts.SagaLetters.ShowAsync(key, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, letter, static (json, found) =>
        {
            json.WriteStartArray("items"u8);
            json.WriteStartObject();
            json.WriteString("source"u8, "sagas");
            json.WriteNumber("shard"u8, found.Shard);
            json.WriteString("sagaId"u8, found.SagaId);
            json.WriteString("type"u8, found.Type);
            json.WriteString("message"u8, found.Message);
            json.WriteString("reason"u8, found.Reason);
            json.WriteEndObject();
            json.WriteEndArray();
        });
        return null;
    }

    private async Task<Problem?> ShowAsync(HttpContext http)
    {
        var fields = QueryReader.Read(http, Show);
        var key = fields.PathText(http, GatewayLimits.DocumentKeyCharacters);
        if (fields.Problem is { } problem) return problem;
        if (SagaLetter(key) is { } letterId) return await ShowSagaLetterAsync(http, letterId);
        var projection = FindProjection(fields, key);
        if (fields.Problem is { } unclear) return unclear;
        var letters = await projection!.DeadLetters.ShowAsync(key, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, letters, static (json, items) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var letter in items)
            {
                json.WriteStartObject();
                json.WriteNumber("offset"u8, letter.Offset);
                json.WriteString("position"u8, letter.Event.Position.ToString());
                json.WriteString("source"u8, letter.Source);
                json.WriteString("id"u8, PublishedSources.IdOf(letter.Event.Position.Seq));
                json.WriteString("type"u8, letter.Event.Type.Name());
                json.WriteString("subject"u8, letter.Event.Subject);
                json.WriteNumber("version"u8, letter.Event.Version);
                json.WriteString("reason"u8, letter.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private async Task<Problem?> ReplayAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadOptionalAsync(http, Replay);
        var key = fields.PathText(http, GatewayLimits.DocumentKeyCharacters);
        if (fields.Problem is { } problem) return problem;
        var (dryRun, began) = (fields.Flag("dryRun"), parts.Time.GetTimestamp());
        var letterId = SagaLetter(key);
        var projection = letterId is null ? FindProjection(fields, key) : null;
        if (fields.Problem is { } unclear) return unclear;
        var result = letterId is { } id
            ? await ReplaySagaLetterAsync(id, dryRun, began, http.RequestAborted)
            : await projection!.DeadLetters.ReplayAsync(key, dryRun, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, result, static (json, one) => Write(json, [one]));
        return null;
    }

    private async Task<ReplayResult> ReplaySagaLetterAsync(Guid key, bool dryRun, long began, CancellationToken cancel)
    {
        var reason = await parts.Time.ForAsync(parts.SagaLetters.ReplayAsync(key, dryRun, cancel), began);
        return new ReplayResult(null, key.ToString(), 1, reason is null ? 1 : 0, null, null, null, reason);
    }

    private async Task<Problem?> ReplayManyAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadOptionalAsync(http, ReplayMany);
        var after = QueryReader.Place(fields, List)?.Split(' ', 2) is [var name, var place] ? (name, place) : default;
        if (fields.Problem is { } problem) return problem;
        var (results, next, leftOut) = (new List<ReplayResult>(), (string?)null, (string?)null);
        var dryRun = fields.Flag("dryRun");
        if (after.name != Sagas)
        {
            try
            {
                next = await ReplayProjectionsAsync(results, after, dryRun, http.RequestAborted);
            }
            catch (TidelineException away) when (away.IsTransient)
            {
                leftOut = $"The list omits dead letters of projections: {away.Message}";
            }

            after = default;
        }

        if (next is null)
        {
            (next, var away) = await ReplaySagaLettersAsync(
                results, Guid.TryParse(after.place, out var letter) ? letter : null, dryRun, http.RequestAborted);
            leftOut = Join(leftOut, away);
        }

        JsonAnswer.Write(http, StatusCodes.Status200OK, (results, next, leftOut), static (json, found) =>
        {
            Write(json, found.results);
            json.WriteString("nextCursor"u8, found.next is { } next ? Cursor.Write(List, next) : null);
            json.WriteString("leftOut"u8, found.leftOut);
        });
        return null;
    }

    // After a full page, the next one continues after its last key.
    private async Task<string?> ReplayProjectionsAsync(
        List<ReplayResult> results, (string Name, string Place) after, bool dryRun, CancellationToken cancel)
    {
        var all = parts.Projections.All;
        var first = after.Name is null ? 0 : Math.Max(0, all.ToList().FindIndex(each => each.Name == after.Name));
        for (var at = first; at < all.Count; at++)
        {
            var page = await all[at].DeadLetters.ReplayAllAsync(
                dryRun, at == first ? after.Place : null, cancel, ProjectionLimits.ReplayKeys - results.Count);
            results.AddRange(page.Results);
            if (results.Count == ProjectionLimits.ReplayKeys || page.Next is not null)
                return $"{all[at].Name} {page.Next ?? results[^1].Key}";
        }

        return null;
    }

    // As many as fit in the page, concurrently. Returns the last one if more follow.
    private async Task<(string? Next, string? LeftOut)> ReplaySagaLettersAsync(
        List<ReplayResult> results, Guid? after, bool dryRun, CancellationToken cancel)
    {
        var (began, room) = (parts.Time.GetTimestamp(), ProjectionLimits.ReplayKeys - results.Count);
        var from = after is { } last ? (parts.Ledger.Map.ShardOf(last), last) : default;
        var (letters, leftOut) = await parts.Time.ForAsync(parts.SagaLetters.ListAsync(from, room + 1, cancel), began);
        var replayed = await Task.WhenAll(letters.Take(room).Select(async letter =>
        {
            try
            {
                return await ReplaySagaLetterAsync(letter.LetterId, dryRun, began, cancel);
            }
            catch (TidelineException fault)
            {
                // Another operator settled it meanwhile, or its shard does not answer; the others continue.
                return fault.Code == ErrorCode.NotFound
                    ? null : new ReplayResult(null, letter.LetterId.ToString(), 1, 0, null, null, null, fault.Message);
            }
        }));
        results.AddRange(replayed.OfType<ReplayResult>());
        return (letters.Count > room ? $"{Sagas} {letters[room - 1].LetterId}" : null, leftOut);
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ReplayResult> results)
    {
        json.WriteStartArray("items"u8);
        foreach (var result in results)
        {
            json.WriteStartObject();
            json.WriteString("projection"u8, result.Projection);
            json.WriteString("key"u8, result.Key);
            json.WriteNumber("letters"u8, result.Letters);
            json.WriteNumber("applied"u8, result.Applied);
            json.WriteString("stoppedAt"u8, result.StoppedAt?.ToString());
            json.WriteString("reason"u8, result.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private async Task<Problem?> DiscardAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, Discard);
        var key = fields.PathText(http, GatewayLimits.DocumentKeyCharacters);
        var reason = fields.Text("reason", Limits.ReferenceCharacters);
        if (fields.Problem is { } problem) return problem;
        var letterId = SagaLetter(key);
        var projection = letterId is null ? FindProjection(fields, key) : null;
        if (fields.Problem is { } unclear) return unclear;
        var discarded = letterId is { } id
            ? await parts.Time.ForAsync(DiscardSagaLetterAsync(id, reason, http.RequestAborted))
            : await projection!.DeadLetters.DiscardAsync(
                key, fields.Flag("firstOnly"), reason, http.RequestAborted);
        JsonAnswer.Write(
            http, StatusCodes.Status200OK, discarded, static (json, count) => json.WriteNumber("discarded"u8, count));
        return null;
    }

    private async Task<int> DiscardSagaLetterAsync(Guid key, string reason, CancellationToken cancel)
    {
        await parts.SagaLetters.DiscardAsync(key, reason, cancel);
        return 1;
    }
}
