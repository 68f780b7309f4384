using System.Globalization;
using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Gateway.Routes.Operations;

/// <summary>Sagas for operators: lists the unfinished and parked ones, and commands for one.</summary>
internal sealed class SagaRoutes(GatewayParts parts)
{
    private const string List = "sagas";
    private const string Saga =
        """{"sagaId":"0197a1b2-0000-7000-8000-0000000000f2","definition":"transfer","version":""" +
        """1,"state":"parked","step":"credit-destination","attempts":10,"shard":""" +
        """0,"createdAt":"2026-01-31T12:00:00.000000Z","updatedAt":"2026-01-31T12:00:20.000000Z","wakesAt":""" +
        """null,"amount":"12.30","currency":"EUR"}""";

    private static readonly SagaState[] States =
    [
        SagaState.Running, SagaState.Completed, SagaState.Compensating, SagaState.Compensated, SagaState.Parked,
        SagaState.Suspended, SagaState.PaidOut,
    ];

    private static readonly string Words = string.Join(", ", States.Select(state => state.Word()));

    private static readonly BodyShape Filter = new(
        new("state", $"One of {Words}. Default: every unfinished saga.", "parked"), QueryReader.Limit,
        QueryReader.After);

    private static readonly BodyShape Payout = new(
        new BodyField("to",
            "the account to credit, on any shard; default: the account that the money was taken from.",
            "0197a1b2-0000-7000-8000-0000000000a1"));

    // Neither needs more than its path.
    private static readonly BodyShape Nothing = new();

    public void Map(RouteTable routes)
    {
        routes.Get("/v1/ops/sagas", new RouteNotes("Sagas by state, per shard in the order of their ids. "
                + "'leftOut' names shards that did not answer.",
            $$"""{"items":[{{Saga}}],"nextCursor":null,"leftOut":null}""")
        { Query = Filter }, ListAsync);
        routes.Get("/v1/ops/sagas/{id}", new RouteNotes("A saga with its history.", Saga), ShowAsync);
        routes.Post("/v1/ops/sagas/{id}/retry",
            new RouteNotes("Retries a parked saga from its current step.", Saga)
            {
                Body = Nothing,
            }, http => MoveAsync(http, parts.Sagas.RetryAsync));
        routes.Post("/v1/ops/sagas/{id}/compensate", new RouteNotes("Compensates a parked saga.", Saga)
        {
            Body = Nothing,
        }, http => MoveAsync(http, parts.Sagas.CompensateAsync));
        routes.Post("/v1/ops/sagas/{id}/payout",
            new RouteNotes("Pays out, once, the money that a suspended saga has on suspense.", Saga) { Body = Payout },
            PayOutAsync);
    }

    private async Task<Problem?> ListAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Filter);
        var rows = QueryReader.PageRows(query);
        SagaState? state = null;
        if (query.OptionalText("state", 16) is { } text)
        {
            state = States.Select(value => (SagaState?)value).FirstOrDefault(value => value!.Value.Word() == text);
            if (state is null) query.Fail(ProblemTypes.InvalidQuery, $"'state' must be one of {Words}.", "state");
        }

        var after = Place(query);
        if (query.Problem is { } problem) return problem;
        var (sagas, leftOut) = await parts.Sagas.ListAsync(state, after, rows, http.RequestAborted);
        var next = sagas.Count < rows ? null
            : Cursor.Write(List, string.Create(CultureInfo.InvariantCulture, $"{sagas[^1].Shard}:{sagas[^1].SagaId}"));
        JsonAnswer.Write(http, StatusCodes.Status200OK, (sagas, next, leftOut), static (json, page) =>
        {
            json.WriteStartArray("items"u8);
            foreach (var saga in page.sagas)
            {
                json.WriteStartObject();
                Write(json, saga);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("nextCursor"u8, page.next);
            json.WriteString("leftOut"u8, page.leftOut);
        });
        return null;
    }

    private (int Shard, Guid Id) Place(FieldReader query)
    {
        if (QueryReader.Place(query, List)?.Split(':') is not { } place) return default;
        if (place is [var shardText, var idText]
            && int.TryParse(shardText, NumberStyles.None, CultureInfo.InvariantCulture, out var shard)
            && shard < parts.Ledger.Map.Shards && Guid.TryParse(idText, out var id))
            return (shard, id);
        query.Fail(ProblemTypes.InvalidCursor,
            "The cursor does not belong to this list; send the nextCursor of the previous page, "
            + "or leave it out to start again.", "cursor");
        return default;
    }

    private async Task<Problem?> ShowAsync(HttpContext http)
    {
        var fields = FieldReader.Empty();
        var id = fields.PathId(http);
        return fields.Problem ?? await AnswerAsync(http, id, parts.Sagas.ShowAsync(id, http.RequestAborted));
    }

    private async Task<Problem?> MoveAsync(HttpContext http, Func<Guid, CancellationToken, Task<Refusal?>> move)
    {
        var fields = await JsonBody.ReadOptionalAsync(http, Nothing);
        var id = fields.PathId(http);
        if (fields.Problem is { } problem) return problem;
        var began = parts.Time.GetTimestamp();
        if (await parts.Time.ForAsync(move(id, http.RequestAborted), began) is { } refusal)
            return Problem.Of(refusal, inPath: true);
        return await AnswerInTimeAsync(http, id, began);
    }

    private async Task<Problem?> PayOutAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadOptionalAsync(http, Payout);
        var (id, to) = (fields.PathId(http), fields.OptionalId("to"));
        if (fields.Problem is { } problem) return problem;
        var began = parts.Time.GetTimestamp();
        if (await parts.Time.ForAsync(parts.Sagas.PayOutAsync(id, to, http.RequestAborted), began) is { } refusal)
            return Problem.Of(refusal);
        return await AnswerInTimeAsync(http, id, began);
    }

    // The saga after a command, within the same time limit.
    private Task<Problem?> AnswerInTimeAsync(HttpContext http, Guid id, long began) =>
        AnswerAsync(http, id, parts.Time.ForAsync(parts.Sagas.ShowAsync(id, http.RequestAborted), began));

    private static async Task<Problem?> AnswerAsync(
        HttpContext http, Guid id, Task<(SagaSummary Summary, IReadOnlyList<SagaHistory> History)?> read)
    {
        if (await read is not { } saga)
            return Problem.Of(new Refusal(RefusalReason.SagaNotFound, $"There is no saga {id}."), inPath: true);
        JsonAnswer.Write(http, StatusCodes.Status200OK, saga, static (json, found) =>
        {
            Write(json, found.Summary);
            json.WriteStartArray("history"u8);
            foreach (var entry in found.History)
            {
                json.WriteStartObject();
                json.WriteString("step"u8, entry.Step);
                json.WriteString("state"u8, entry.State);
                json.WriteString("at"u8, Timestamp.Write(entry.AtUs));
                json.WriteNumber("attempts"u8, entry.Attempts);
                if (entry.Detail is not null) json.WriteString("detail"u8, entry.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private static void Write(Utf8JsonWriter json, SagaSummary saga)
    {
        json.WriteString("sagaId"u8, saga.SagaId);
        json.WriteString("definition"u8, saga.Definition);
        json.WriteNumber("version"u8, saga.Version);
        json.WriteString("state"u8, saga.State.Word());
        json.WriteString("step"u8, saga.Step);
        json.WriteNumber("attempts"u8, saga.Attempts);
        json.WriteNumber("shard"u8, saga.Shard);
        json.WriteString("createdAt"u8, Timestamp.Write(saga.CreatedAt));
        json.WriteString("updatedAt"u8, Timestamp.Write(saga.UpdatedAt));
        json.WriteString("wakesAt"u8, saga.WakesAt is { } wakes ? Timestamp.Write(wakes) : null);
        if (saga.Amount is { } amount)
        {
            json.WriteString("amount"u8, amount.ToDecimalString());
            json.WriteString("currency"u8, amount.Currency.Code);
        }

        if (saga.SuspenseReason is not null) json.WriteString("suspenseReason"u8, saga.SuspenseReason);
        if (saga.PayoutId is { } payout) json.WriteString("payoutId"u8, payout);
    }
}
