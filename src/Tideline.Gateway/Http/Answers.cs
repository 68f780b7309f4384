using System.Globalization;
using System.Text.Json;
using Tideline.Gateway.Problems;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Queries;

namespace Tideline.Gateway.Http;

/// <summary>Common parts of answers.</summary>
internal static class Answers
{
    /// <summary>Answers a command: its token and its fields, or its refusal.</summary>
    /// <param name="http">The request.</param>
    /// <param name="reply">The ledger's reply. A repeated key gets the first reply again, so all fields must come from
    /// it.</param>
    /// <param name="status">The status if the command was executed.</param>
    /// <param name="idName">The field that carries the reply's subject.</param>
    /// <param name="balance">The currency of the balance to show; null shows none.</param>
    public static Task<Problem?> Command(
        HttpContext http, Reply reply, int status, string idName, Currency? balance = null)
    {
        SetToken(http, [reply.Position]);
        if (reply.Refusal is { } refusal)
            return Task.FromResult<Problem?>(Problem.Of(refusal, inPath: http.Request.RouteValues.ContainsKey("id")));
        JsonAnswer.Write(http, status, (reply, idName, balance), static (json, answer) =>
        {
            json.WriteString(answer.idName, answer.reply.Subject);
            if (answer.balance is { } currency)
                WriteMoney(json, "balance", new Money(answer.reply.BalanceMinor, currency));
        });
        return Task.FromResult<Problem?>(null);
    }

    /// <summary>Sends the positions that the command wrote, so that the client's next read can require them.</summary>
    public static void SetToken(HttpContext http, IReadOnlyList<Position> positions)
    {
        var token = ConsistencyToken.Encode(positions, http.GetEndpoint()!.Metadata.GetRequiredMetadata<TokenScope>());
        if (token.Length > 0) http.Response.Headers["Tideline-Token"] = token;
    }

    /// <summary>Sends where an answer came from and how stale it may be; infinite if unknown.</summary>
    public static void SetServed(HttpContext http, ServedBy served, double stalenessMs)
    {
        http.Response.Headers["Tideline-Served-By"] = served
            switch
        { ServedBy.Cache => "cache", ServedBy.View => "view", _ => "ledger" };
        http.Response.Headers["Tideline-Staleness-Ms"] = double.IsFinite(stalenessMs)
            ? Math.Ceiling(stalenessMs).ToString("F0", CultureInfo.InvariantCulture)
            : "unknown";
    }

    /// <summary>Marks an answer as coming from the strong tier, with no staleness.</summary>
    public static void SetServedByLedger(HttpContext http)
    {
        http.Response.Headers["Tideline-Served-By"] = "ledger";
        http.Response.Headers["Tideline-Staleness-Ms"] = "0";
    }

    /// <summary>Writes an amount with its currency beside it.</summary>
    public static void WriteMoney(Utf8JsonWriter json, string name, Money money)
    {
        json.WriteString(name, money.ToDecimalString());
        json.WriteString("currency"u8, money.Currency.Code);
    }

    /// <summary>Writes minor units as a decimal string.</summary>
    public static void WriteAmount(Utf8JsonWriter json, string name, long minor, Currency currency) =>
        json.WriteString(name, new Money(minor, currency).ToDecimalString());

    /// <summary>
    /// A sum of minor units as a decimal string. It may exceed 64 bits, so it is not a Money; a decimal with a scale is
    /// exact.
    /// </summary>
    public static string Decimals(decimal minor, int exponent)
    {
        var scale = new decimal(1, 0, 0, false, (byte)exponent);
        return (minor * scale)
            .ToString("F" + exponent.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
