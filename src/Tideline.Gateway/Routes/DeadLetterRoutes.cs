using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Projections;

namespace Tideline.Gateway.Routes;

/// <summary>
/// Dead letters of both kinds, by their source: events that could not be projected (views), in order under their
/// customer's id, and messages of sagas that could not be handled (sagas), each under an id of its own. They are seen,
/// replayed or given up. While the views are not open, those of sagas are served alone.
/// </summary>
internal sealed class DeadLetterRoutes(GatewayParts parts)
{
    private const string Replayed =
        """{"key":"0197a1b2-0000-7000-8000-000000000001","letters":2,"applied":2,"stoppedAt":null,"reason":null}""";
    private const string List = "dlq";
    private const string ViewsLeftOut =
        "The list omits dead letters of customers: the views are not open yet; /health/detail says why.";

    private const string Listed =
        """{"key":"0197a1b2-0000-7000-8000-000000000001","source":"views","letters":2,"reason":"…"}""";

    private static readonly BodyShape Replay = new(
        new BodyField("dryRun", "whether to change nothing and only report.", "true", IsFlag: true));

    private static readonly BodyShape ReplayMany = new(
        new("dryRun", "whether to change nothing and only report.", "true", IsFlag: true),
        new("cursor", "the nextCursor of the answer before.", "ZGxxfDAxOTdhMWIy"));

    private static readonly BodyShape Discard = new(
        new("reason", "why; stored with the letters.", "Bad test data", Required: true),
        new("firstOnly", "whether only the first letter goes.", "true", IsFlag: true));

    public void Map(RouteTable routes)
    {
        routes.Get(
            "/v1/ops/dlq",
            new RouteNotes(
                "Keys with waiting events, oldest first, then saga messages. 'leftOut' names what the list lacks.",
                $$"""{"items":[{{Listed}}],"leftOut":null}"""),
            ListAsync);
        routes.Get("/v1/ops/dlq/{id}",
            new RouteNotes("The letters of a key, in order.", """{"items":[]}"""), ShowAsync);
        routes.Post(
            "/v1/ops/dlq/{id}/replay",
            new RouteNotes(
                "Applies the letters of a key in order, or handles a saga message.",
                $$"""{"items":[{{Replayed}}]}""")
            { Body = Replay },
            ReplayAsync);
        routes.Post("/v1/ops/dlq/replay", new RouteNotes(
            $"Replays the letters of every key, {Limits.ReplayKeys} keys per call: customers, then sagas.",
            $$"""{"items":[{{Replayed}}],"nextCursor":null,"leftOut":null}""")
        {
            Body = ReplayMany,
        }, ReplayManyAsync);
        routes.Post("/v1/ops/dlq/{id}/discard",
            new RouteNotes("Gives up the letters of a key.", """{"discarded":1}""") { Body = Discard }, DiscardAsync);
    }

    private async Task<Problem?> ListAsync(HttpContext http)
    {
        var (sagas, away) = await parts.SagaLetters.ListAsync(default, Limits.SagaWatchRows, http.RequestAborted);
        var views = parts.FindProjections()?.DeadLetters.List();
        var leftOut = Join(views is null ? ViewsLeftOut : null, away);
        JsonAnswer.Write(http, StatusCodes.Status200OK, (Keys: views, Sagas: sagas, leftOut), static (json, found) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var blocked in found.Keys ?? [])
            {
                json.WriteStartObject();
                json.WriteString("key"u8, blocked.Key);
                json.WriteString("source"u8, "views");
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

    // The program derives the ids of saga letters; no customer has one of them.
    private static bool IsOfSagas(Guid key) => DerivedId.IsDerived(key);

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
        var fields = FieldReader.Empty();
        var key = fields.PathId(http);
        if (fields.Problem is { } problem) return problem;
        if (IsOfSagas(key)) return await ShowSagaLetterAsync(http, key);
        var letters = await parts.Projections.DeadLetters.ShowAsync(key, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, letters, static (json, items) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var letter in items)
            {
                json.WriteStartObject();
                json.WriteNumber("offset"u8, letter.Offset);
                json.WriteString("position"u8, letter.Event.Position.ToString());
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
        var key = fields.PathId(http);
        if (fields.Problem is { } problem) return problem;
        var (dryRun, began) = (fields.Flag("dryRun"), parts.Time.GetTimestamp());
        var result = IsOfSagas(key)
            ? await ReplaySagaLetterAsync(key, dryRun, began, http.RequestAborted)
            : await parts.Projections.DeadLetters.ReplayAsync(key, dryRun, http.RequestAborted);
        JsonAnswer.Write(http, StatusCodes.Status200OK, result, static (json, one) => Write(json, [one]));
        return null;
    }

    private async Task<ReplayResult> ReplaySagaLetterAsync(Guid key, bool dryRun, long began, CancellationToken cancel)
    {
        var reason = await parts.Time.ForAsync(parts.SagaLetters.ReplayAsync(key, dryRun, cancel), began);
        return new ReplayResult(key, 1, reason is null ? 1 : 0, null, null, null, reason);
    }

    private async Task<Problem?> ReplayManyAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadOptionalAsync(http, ReplayMany);
        var after = QueryReader.Place(fields, List) is { } place
            && Guid.TryParse(place, out var key) ? key : (Guid?)null;
        if (fields.Problem is { } problem) return problem;
        var (results, next, leftOut) = (new List<ReplayResult>(), (Guid?)null, (string?)null);
        var dryRun = fields.Flag("dryRun");
        if (after is null || !IsOfSagas(after.Value))
        {
            try
            {
                var page = await parts.Projections.DeadLetters.ReplayAllAsync(dryRun, after, http.RequestAborted);
                results.AddRange(page.Results);
                // A full page goes on behind its last customer, with sagas if there are no more.
                next = page.Next ?? (results.Count == Limits.ReplayKeys ? results[^1].Key : null);
            }
            catch (TidelineException away) when (away.IsTransient)
            {
                leftOut = $"The list omits dead letters of customers: {away.Message}";
            }

            after = null;
        }

        if (next is null)
        {
            (next, var away) = await ReplaySagaLettersAsync(results, after, dryRun, http.RequestAborted);
            leftOut = Join(leftOut, away);
        }

        JsonAnswer.Write(http, StatusCodes.Status200OK, (results, next, leftOut), static (json, found) =>
        {
            Write(json, found.results);
            json.WriteString("nextCursor"u8, found.next is { } next ? Cursor.Write(List, next.ToString()) : null);
            json.WriteString("leftOut"u8, found.leftOut);
        });
        return null;
    }

    // As many as have room in the page, side by side. Answers the last one when more follow.
    private async Task<(Guid? Next, string? LeftOut)> ReplaySagaLettersAsync(
        List<ReplayResult> results, Guid? after, bool dryRun, CancellationToken cancel)
    {
        var (began, room) = (parts.Time.GetTimestamp(), Limits.ReplayKeys - results.Count);
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
                // Somebody settled it meanwhile, or its shard does not answer; the others go on.
                return fault.Code == ErrorCode.NotFound
                    ? null : new ReplayResult(letter.LetterId, 1, 0, null, null, null, fault.Message);
            }
        }));
        results.AddRange(replayed.OfType<ReplayResult>());
        return (letters.Count > room ? letters[room - 1].LetterId : null, leftOut);
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ReplayResult> results)
    {
        json.WriteStartArray("items"u8);
        foreach (var result in results)
        {
            json.WriteStartObject();
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
        var key = fields.PathId(http);
        var reason = fields.Text("reason", Limits.ReferenceCharacters);
        if (fields.Problem is { } problem) return problem;
        var discarded = IsOfSagas(key)
            ? await parts.Time.ForAsync(DiscardSagaLetterAsync(key, reason, http.RequestAborted))
            : await parts.Projections.DeadLetters.DiscardAsync(
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
