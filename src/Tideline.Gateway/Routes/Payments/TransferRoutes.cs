using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>Transfers, one per request: the hot path.</summary>
internal sealed class TransferRoutes(Transfers transfers, TransferCounts counts, GatewayParts parts)
{
    private const string Example =
        """
        {
            "transferId":"0197a1b2-0000-7000-8000-0000000000f2","status":"settled",
            "from":"0197a1b2-0000-7000-8000-00000000000a","to":"0197a1b2-0000-7000-8000-00000000000b",
            "amount":"12.34","currency":"EUR","reference":"Rent","createdAt":"2026-01-31T12:00:00.000000Z",
            "steps":[
                {"name":"debit-source","state":"done","at":"2026-01-31T12:00:00.000000Z","attempts":1},
                {"name":"credit-destination","state":"done","at":"2026-01-31T12:00:00.000000Z","attempts":1},
                {"name":"update-customer-view","state":"done","attempts":0}]
        }
        """;

    private static readonly BodyShape NewTransfer = new([.. TransferFields.All]);
    private static readonly BodyShape ByKey =
        new(new BodyField(TransferFields.KeyName, "the key of its request.", "my-first", Required: true));

    public void Map(RouteTable routes)
    {
        routes.Post("/v1/payments/transfers", new RouteNotes(
            "Moves money from one account to another, once. 201 when it has settled, 202 while its saga runs, 422 "
                + "when it was refused.",
            """{"transferId":"0197a1b2-0000-7000-8000-0000000000f2","sagaId":"0197a1b2-0000-7000-8000-0000000000f2","status":"settled","balance":"87.66","currency":"EUR"}""")
        {
            Body = NewTransfer, IsCommand = true, Status = 201,
        }, TransferAsync);
        routes.Get(
            "/v1/payments/transfers/{id}",
            new RouteNotes("A transfer with the steps of its saga.", Example) { IsRead = true }, GetAsync);
        const string byKey = "The transfer of an idempotency key. A transfer that was refused at once has no id.";
        routes.Get("/v1/payments/transfers", new RouteNotes(byKey, Example) { Query = ByKey }, FindAsync);
    }

    private async Task<Problem?> TransferAsync(HttpContext http)
    {
        var fields = await JsonBody.ReadAsync(http, NewTransfer);
        var request = TransferFields.Read(fields, fields.Key(http));
        if (fields.Problem is { } problem) return problem;
        var reply = await SendAsync(request, http.RequestAborted);
        counts.Record(reply.Status);
        Answers.SetToken(http, reply.Positions);
        if (TransferFields.ProblemOf(reply) is { } refused) return refused;
        JsonAnswer.Write(http, TransferFields.StatusOf(reply), (reply, request.Amount.Currency),
            static (json, answer) => TransferFields.Write(json, answer.reply, answer.Currency));
        return null;
    }

    private async Task<TransferReply> SendAsync(TransferRequest request, CancellationToken cancel)
    {
        try
        {
            return await parts.Time.ForAsync(transfers.TransferAsync(request, cancel));
        }
        catch (TidelineException)
        {
            counts.RecordFailed();
            throw;
        }
    }

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var fields = FieldReader.Empty();
        var id = fields.PathId(http);
        if (fields.Problem is { } problem) return problem;
        return await transfers.GetTransferAsync(id, http.RequestAborted) is { } transfer
            ? await AnswerAsync(http, transfer)
            : new Problem(ProblemTypes.TransferNotFound, $"There is no transfer {id}.");
    }

    private async Task<Problem?> FindAsync(HttpContext http)
    {
        var fields = QueryReader.Read(http, ByKey);
        if (!fields.Has(TransferFields.KeyName))
            fields.Fail(ProblemTypes.InvalidQuery,
                "The key is missing: ?idempotencyKey=my-first.", TransferFields.KeyName);
        var key = fields.Key(fields.Text(TransferFields.KeyName, GatewayLimits.IdempotencyKeyCharacters));
        if (fields.Problem is { } problem) return problem;
        if (await transfers.FindAsync(key, http.RequestAborted) is not { } found)
        {
            return new Problem(
                ProblemTypes.TransferNotFound,
                "No transfer exists with this key. If a request got no answer, send it again with the same key.",
                TransferFields.KeyName);
        }

        if (found.Details is { } transfer) return await AnswerAsync(http, transfer);
        Answers.SetServedByLedger(http);
        JsonAnswer.Write(http, StatusCodes.Status200OK, found, static (json, refused) =>
        {
            json.WriteString("status"u8, TransferFields.NameOf(TransferStatus.Refused));
            json.WriteString("createdAt"u8, Timestamp.Write(refused.CreatedAt));
            WriteRefusal(json, refused.Refusal);
        });
        return null;
    }

    private async Task<Problem?> AnswerAsync(HttpContext http, TransferDetails transfer)
    {
        var isViewed = await IsViewedAsync(transfer, http.RequestAborted);
        Answers.SetServedByLedger(http);
        JsonAnswer.Write(http, StatusCodes.Status200OK,
            (transfer, isViewed), static (json, answer) => Write(json, answer.transfer, answer.isViewed));
        return null;
    }

    // The views include a transfer if the first event that they have not applied is younger.
    private async Task<bool> IsViewedAsync(TransferDetails transfer, CancellationToken cancel)
    {
        if (transfer.Status != TransferStatus.Settled) return false;
        if (parts.FindProjections() is not { } projections) return false;
        foreach (var view in projections[CustomersProjection.Name].Projector.Status())
        {
            if (view.Shard != parts.Ledger.Map.ShardOf(transfer.From)
                && view.Shard != parts.Ledger.Map.ShardOf(transfer.To)) continue;
            if (await parts.Ledger.Reader(view.Shard).GetEventsAsync(view.Watermark, 1, cancel) is [var unseen]
                && unseen.TimeUs <= transfer.UpdatedAt.ToUs()) return false;
        }

        return true;
    }

    private static void Write(Utf8JsonWriter json, TransferDetails transfer, bool isViewed)
    {
        json.WriteString("transferId"u8, transfer.TransferId);
        json.WriteString("sagaId"u8, transfer.TransferId);
        json.WriteString("status"u8, TransferFields.NameOf(transfer.Status));
        json.WriteString("from"u8, transfer.From);
        json.WriteString("to"u8, transfer.To);
        Answers.WriteMoney(json, "amount", transfer.Amount);
        json.WriteString("reference"u8, transfer.Reference);
        PaymentParties.Write(json, transfer.Details);
        json.WriteString("createdAt"u8, Timestamp.Write(transfer.CreatedAt));
        WriteRefusal(json, transfer.Refusal);

        json.WriteStartArray("steps"u8);
        foreach (var step in transfer.Steps)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, step.Name);
            json.WriteString("state"u8, isViewed && step.Name == TransferDetails.ViewStep ? "done" : step.State);
            if (step.At is { } at) json.WriteString("at"u8, Timestamp.Write(at));
            json.WriteNumber("attempts"u8, step.Attempts);
            if (step.Detail is not null) json.WriteString("detail"u8, step.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRefusal(Utf8JsonWriter json, Refusal? refusal)
    {
        if (refusal is null) return;
        json.WriteStartObject("problem"u8);
        JsonAnswer.WriteProblem(json, Problem.Of(refusal));
        json.WriteEndObject();
    }
}
