using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Services.Payments;

namespace Tideline.Gateway.Routes.Payments;

/// <summary>
/// A line of a batch on its way: a transfer that began at <paramref name="Began"/>, or what is wrong with the line.
/// <paramref name="Number"/> counts from 1.
/// </summary>
internal readonly record struct BatchLine(
    long Number, Task<TransferReply>? Reply, long Began, Currency Currency, Problem? Problem);

/// <summary>What a line came to.</summary>
internal readonly record struct BatchAnswer(long Number, TransferReply? Reply, Currency Currency, Problem? Problem)
{
    /// <summary>The fields of a line of answers: its number, then a transfer's or a problem's own.</summary>
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
