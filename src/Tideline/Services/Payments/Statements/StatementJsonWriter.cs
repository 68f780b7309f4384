using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Payments.Statements;

/// <summary>Writes a statement as JSON, entry by entry, whatever its length.</summary>
public static class StatementJsonWriter
{
    /// <summary>Writes the object; leaves the stream open.</summary>
    public static async Task WriteAsync(
        Statement statement, IAsyncEnumerable<StatementEntry> entries, Stream output, CancellationToken cancel)
    {
        await using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("statementId", statement.StatementId);
        json.WriteString("accountId", statement.AccountId);
        if (statement.Iban is not null) json.WriteString("iban", statement.Iban);
        json.WriteString("currency", statement.Currency.Code);
        json.WriteString("from", Time(statement.From));
        json.WriteString("to", Time(statement.To));
        json.WriteString("createdAt", Time(statement.CreatedAt));
        json.WriteString("openingBalance", Text(statement.OpeningMinor, statement.Currency));
        json.WriteString("closingBalance", Text(statement.ClosingMinor, statement.Currency));
        json.WriteStartArray("entries");
        var written = 0;
        await foreach (var entry in entries.WithCancellation(cancel))
        {
            WriteEntry(json, statement.Currency, entry);
            if (++written % Limits.PageRows == 0) await json.FlushAsync(cancel);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancel);
    }

    private static void WriteEntry(Utf8JsonWriter json, Currency currency, StatementEntry entry)
    {
        json.WriteStartObject();
        json.WriteNumber("version", entry.Version);
        json.WriteString("transactionId", entry.TransactionId);
        json.WriteString("kind", entry.Kind.Word());
        json.WriteString("amount", Text(entry.AmountMinor, currency));
        json.WriteString("balance", Text(entry.PostedAfterMinor, currency));
        json.WriteString("bookedAt", Time(entry.BookedAt));
        if (entry.Reference is not null) json.WriteString("reference", entry.Reference);
        if (entry.CounterpartyId is { } counterparty) json.WriteString("counterpartyId", counterparty);
        PaymentParties.Write(json, entry.Details);
        json.WriteEndObject();
    }

    // The same time format as in every other answer.
    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string Text(long minor, Currency currency) => new Money(minor, currency).ToDecimalString();
}
