using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>
/// A line of a batch in progress: a transfer that began at <paramref name="Began"/>, or the problem of the line.
/// <paramref name="Number"/> counts from 1.
/// </summary>
internal readonly record struct BatchLine(
    long Number, Task<TransferReply>? Reply, long Began, Currency Currency, Problem? Problem);

/// <summary>The result of a line.</summary>
internal readonly record struct BatchAnswer(long Number, TransferReply? Reply, Currency Currency, Problem? Problem)
{
    /// <summary>
    /// Writes the fields of an answer line: its number, then the fields of the transfer or the problem.
    /// </summary>
    public static void Write(Utf8JsonWriter json, BatchAnswer answer)
    {
        json.WriteNumber("line"u8, answer.Number);
        if (answer.Problem is { } problem) JsonAnswer.WriteProblem(json, problem);
        else if (answer.Reply is { } reply)
        {
            json.WriteNumber("status"u8, TransferFields.StatusOf(reply));
            json.WriteString("transferId"u8, reply.TransferId);
            json.WriteString("state"u8, TransferFields.NameOf(reply.Status));
            Answers.WriteMoney(json, "balance", new Money(reply.BalanceMinor, answer.Currency));
        }
    }
}
