using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;
using Tideline.Queries;
using Tideline.Sagas.Transactions;
using Tideline.Services.Payments;

namespace Tideline.Tools.Simulation;

/// <summary>
/// A route that the simulation adds to its nodes: transactions of any number of legs, which have no public route yet.
/// </summary>
internal static class SimulatedTransactions
{
    public const string Path = "/simulated/transactions";

    /// <summary>Books the transaction of a request, and answers as a route would.</summary>
    public static async Task AnswerAsync(HttpContext http, TidelineNode node)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var payments = node.Services.Services.OfType<PaymentsService>().Single();
        try
        {
            var result = await payments.Transactions.PostAsync(Request(http, body.RootElement), CancellationToken.None);
            var scope = TokenScope.Of(node.Ledger);
            http.Response.Headers["Tideline-Token"] = ConsistencyToken.Encode(result.Positions, scope);
            var status = result.Status switch
            {
                TransferStatus.Settled => StatusCodes.Status201Created,
                TransferStatus.Refused => StatusCodes.Status422UnprocessableEntity,
                _ => StatusCodes.Status202Accepted,
            };
            await WriteAsync(
                http, status, result.Refusal?.Reason.Kind().Name, result.Refusal?.Detail, result.TransactionId);
        }
        catch (TidelineException fault)
        {
            await WriteAsync(
                http, StatusCodes.Status503ServiceUnavailable, $"{fault.Code}", fault.Message, Guid.Empty);
        }
    }

    private static TransactionRequested Request(HttpContext http, JsonElement body)
    {
        var order = new TransactionOrder
        {
            Legs =
            [
                .. body.GetProperty("legs").EnumerateArray().Select(leg => new TransactionLeg(
                    leg.GetProperty("accountId").GetGuid(), leg.GetProperty("amountMinor").GetInt64(),
                    leg.GetProperty("currency").GetString()!)),
            ],
            Conditions =
            [
                .. body.GetProperty("conditions").EnumerateArray().Select(condition => new TransactionCondition(
                    condition.GetProperty("accountId").GetGuid(), condition.GetProperty("minimumMinor").GetInt64(),
                    null)),
            ],
        };
        return new TransactionRequested(
            order, Idempotency.Key("", http.Request.Headers["Idempotency-Key"].ToString()),
            Idempotency.Fingerprint(body.GetRawText()));
    }

    private static Task WriteAsync(HttpContext http, int status, string? type, string? detail, Guid id)
    {
        http.Response.StatusCode = status;
        var answer = type is null ? (object)new { transactionId = id } : new { type, detail, transactionId = id };
        return http.Response.WriteAsync(JsonSerializer.Serialize(answer));
    }
}
