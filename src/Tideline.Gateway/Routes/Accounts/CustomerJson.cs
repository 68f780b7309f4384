using System.Globalization;
using System.Text.Json;
using Tideline.Gateway.Http;
using Tideline.Kernel;
using Tideline.Services.Accounts.Views;

namespace Tideline.Gateway.Routes.Accounts;

/// <summary>
/// The JSON of a customer: the document of the view, with amounts as decimal strings beside their currency.
/// </summary>
internal static class CustomerJson
{
    /// <summary>The fields of a customer.</summary>
    public static void Write(Utf8JsonWriter json, CustomerDocument customer)
    {
        json.WriteString("customerId"u8, customer.CustomerId);
        // Null while the view has seen an account but not yet its owner, who may be on another shard.
        var profile = customer.ReadProfile();
        json.WriteString("name"u8, profile?.Name);
        json.WriteString("email"u8, profile?.Email);
        json.WriteString("country"u8, profile?.Country);
        json.WriteStartArray("accounts"u8);
        foreach (var account in customer.Accounts) Write(json, account);
        json.WriteEndArray();
        json.WriteStartObject("transactions"u8);
        json.WriteStartObject("last_30_days"u8);
        json.WriteNumber("count"u8, customer.Transactions.Last30Days.Count);
        json.WriteStartArray("currencies"u8);
        foreach (var sum in customer.Transactions.Last30Days.Currencies)
            WriteSums(json, null, sum.Currency, sum.Count, sum.InMinor, sum.OutMinor);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("recent"u8);
        foreach (var recent in customer.Transactions.Recent) Write(json, recent);
        json.WriteEndArray();
        json.WriteStartArray("days"u8);
        foreach (var day in customer.Transactions.Days)
            WriteSums(json, day.Day, day.Currency, day.Count, day.InMinor, day.OutMinor);
        json.WriteEndArray();
        json.WriteEndObject();
        if (customer.Parts is { } parts)
        {
            json.WriteStartObject("services"u8);
            foreach (var (name, part) in parts)
            {
                json.WritePropertyName(name);
                part.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteStartObject("clock"u8);
        foreach (var (aggregate, version) in customer.Clock) json.WriteNumber(aggregate.ToString(), version);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AccountView account)
    {
        var currency = Currency.Parse(account.Currency);
        json.WriteStartObject();
        json.WriteString("accountId"u8, account.AccountId);
        json.WriteString("iban"u8, account.Iban);
        json.WriteString("currency"u8, account.Currency);
        json.WriteString("status"u8, account.Status);
        Answers.WriteAmount(json, "posted", account.PostedMinor, currency);
        Answers.WriteAmount(json, "held", account.HeldMinor, currency);
        Answers.WriteAmount(json, "available", account.AvailableMinor, currency);
        Answers.WriteAmount(json, "overdraftLimit", account.OverdraftLimitMinor, currency);
        json.WriteNumber("version"u8, account.Version);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RecentTransaction recent)
    {
        var currency = Currency.Parse(recent.Currency);
        json.WriteStartObject();
        json.WriteString("transactionId"u8, recent.TransactionId);
        json.WriteString("accountId"u8, recent.AccountId);
        json.WriteString("kind"u8, recent.Kind);
        Answers.WriteAmount(json, "amount", recent.AmountMinor, currency);
        Answers.WriteMoney(json, "balance", new Money(recent.BalanceAfterMinor, currency));
        if (recent.CounterpartyId is { } counterparty) json.WriteString("counterpartyId"u8, counterparty);
        if (recent.Reference is not null) json.WriteString("reference"u8, recent.Reference);
        json.WriteString("at"u8, Timestamp.Write(recent.BookedAtUs));
        json.WriteEndObject();
    }

    private static void WriteSums(
        Utf8JsonWriter json, DateOnly? day, string currency, long count, decimal inMinor, decimal outMinor)
    {
        var exponent = Currency.Parse(currency).Exponent;
        json.WriteStartObject();
        if (day is { } date) json.WriteString("day"u8, date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteNumber("count"u8, count);
        json.WriteString("in"u8, Answers.Decimals(inMinor, exponent));
        json.WriteString("out"u8, Answers.Decimals(outMinor, exponent));
        json.WriteString("currency"u8, currency);
        json.WriteEndObject();
    }
}
