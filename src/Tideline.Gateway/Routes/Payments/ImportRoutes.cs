using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Services.Payments;
using Tideline.Services.Payments.Imports;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>ISO 20022 credit transfer files: accepts them and reports on them.</summary>
internal sealed class ImportRoutes(PaymentImports imports)
{
    private static readonly BodyShape Page = new(QueryReader.Limit, QueryReader.After);

    public void Map(RouteTable routes)
    {
        routes.Post("/v1/payments/imports", new RouteNotes(
            "Accepts an ISO 20022 pain.001 file. It needs no Idempotency-Key: the same file again returns the same "
                + "import.",
            """{"importId":"0197a1b2-0000-8000-8000-0000000000e1","repeated":false,"groupStatus":"ACCP"}""")
        {
            BodyType = "application/xml", Status = 202,
        }, AcceptAsync);
        routes.Get("/v1/payments/imports/{id}", new RouteNotes(
            "The status of an import, payment by payment; with Accept: application/xml, its pain.002 status report.",
            """{"importId":"0197a1b2-0000-8000-8000-0000000000e1","message":"pain.001.001.09","messageId":"SALARIES-1","groupStatus":"ACSC","payments":1,"settled":1,"rejected":0,"pending":0,"items":[{"index":0,"status":"ACSC","endToEndId":"E2E-1","amount":"100.00","currency":"EUR","transferId":"0197a1b2-0000-7000-8000-0000000000f2"}],"nextCursor":null}""")
        {
            Query = Page, OffersXml = true,
        }, GetAsync);
    }

    private async Task<Problem?> AcceptAsync(HttpContext http)
    {
        if (http.Request.ContentLength > PaymentLimits.ImportBytes)
            return new Problem(ProblemTypes.BodyTooLarge,
                $"A file may have at most {PaymentLimits.ImportBytes} bytes; split it.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = PaymentLimits.ImportBytes;
        ImportAcceptance accepted;
        try
        {
            accepted = await imports.AcceptAsync(http.Request.Body, http.RequestAborted);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.InvalidInput)
        {
            return new Problem(ProblemTypes.InvalidFile, fault.Message);
        }

        http.Response.Headers.Location = $"/v1/payments/imports/{accepted.ImportId}";
        JsonAnswer.Write(http, StatusCodes.Status202Accepted, accepted, static (json, import) =>
        {
            json.WriteString("importId"u8, import.ImportId);
            json.WriteBoolean("repeated"u8, import.Repeated);
            json.WriteString("groupStatus"u8, import.GroupStatus);
            if (import.Reason is { } reason) WriteReason(json, reason.Code, reason.Detail);
        });
        return null;
    }

    private async Task<Problem?> GetAsync(HttpContext http)
    {
        var query = QueryReader.Read(http, Page);
        var id = query.PathId(http);
        var rows = QueryReader.PageRows(query);
        var from = 0;
        if (QueryReader.Place(query, $"import:{id}") is { } place
            && !int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out from))
            query.Fail(ProblemTypes.InvalidCursor, "The cursor does not belong to this list.", "cursor");
        if (query.Problem is { } problem) return problem;
        if (await imports.GetAsync(id, from, rows, http.RequestAborted) is not { } status)
            return new Problem(ProblemTypes.ImportNotFound, $"There is no import {id}.");
        if (MediaTypes.WantsXml(http))
        {
            http.Response.ContentType = "application/xml";
            await imports.WriteStatusReportAsync(id, http.Response.Body, http.RequestAborted);
            return null;
        }

        JsonAnswer.Write(http, StatusCodes.Status200OK, status, Write);
        return null;
    }

    private static void Write(Utf8JsonWriter json, ImportStatus status)
    {
        json.WriteString("importId"u8, status.ImportId);
        json.WriteString("message"u8, status.MessageName);
        json.WriteString("messageId"u8, status.MessageId);
        json.WriteString("initiatingParty"u8, status.InitiatingParty);
        json.WriteString("receivedAt"u8, Timestamp.Write(status.ReceivedAt));
        json.WriteString("groupStatus"u8, status.GroupStatus);
        if (status.Reason is { } reason) WriteReason(json, reason.Code, reason.Detail);
        json.WriteNumber("payments"u8, status.Payments);
        json.WriteNumber("settled"u8, status.Settled);
        json.WriteNumber("rejected"u8, status.Rejected);
        json.WriteNumber("pending"u8, status.Pending);
        json.WriteStartArray("items"u8);
        foreach (var result in status.Results) WriteResult(json, result);
        json.WriteEndArray();
        json.WriteString("nextCursor"u8, status.Next is { } next
            ? Cursor.Write($"import:{status.ImportId}", next.ToString(CultureInfo.InvariantCulture))
            : null);
    }

    private static void WriteResult(Utf8JsonWriter json, PaymentResult result)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, result.Index);
        json.WriteString("status"u8, result.Status);
        json.WriteString("instructionBlockId"u8, result.InstructionBlockId);
        if (result.InstructionId is not null) json.WriteString("instructionId"u8, result.InstructionId);
        json.WriteString("endToEndId"u8, result.EndToEndId);
        if (result.Uetr is not null) json.WriteString("uetr"u8, result.Uetr);
        json.WriteString("amount"u8, result.Amount);
        json.WriteString("currency"u8, result.Currency);
        if (result.TransferId is { } transfer) json.WriteString("transferId"u8, transfer);
        if (result.Reason is { } reason) WriteReason(json, reason.Code, reason.Detail);
        json.WriteEndObject();
    }

    private static void WriteReason(Utf8JsonWriter json, string code, string detail)
    {
        json.WriteStartObject("reason"u8);
        json.WriteString("code"u8, code);
        json.WriteString("detail"u8, detail);
        json.WriteEndObject();
    }
}
