using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// What happened to an account, in addition to the account's own state. It is written straight to the JSON of
/// <see cref="Kernel.EventData"/>, because this is the hottest serialisation of the program; a test checks that both
/// produce the same bytes.
/// </summary>
internal readonly record struct AccountEvent(
    string? Kind, long AmountMinor = 0, bool HasEntry = false,
    Guid? TransactionId = null, Guid? CounterpartyId = null, string? Reference = null, Guid? SagaId = null,
    Guid? HoldId = null, bool WithIban = false, TransactionDetails? Details = null, long HeldChangeMinor = 0,
    AccountStatus? StatusBefore = null)
{
    [ThreadStatic] private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) t_pen;

    /// <summary>One leg of a transaction.</summary>
    public static AccountEvent Of(in Posting posting, in Leg leg) => new(
        posting.Kind.Word(), leg.AmountMinor, HasEntry: true, posting.Id, leg.CounterpartyId, posting.Reference,
        posting.SagaId, posting.HoldId, Details: posting.Details,
        HeldChangeMinor: leg.AmountMinor < 0 ? -(leg.PromisedMinor ?? 0) : 0);

    public byte[] ToJson(AccountRow account)
    {
        if (t_pen.Buffer is null)
        {
            var buffer = new ArrayBufferWriter<byte>(1024);
            t_pen = (buffer, new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }));
        }

        var (bytes, json) = t_pen;
        bytes.ResetWrittenCount();
        json.Reset();
        Write(json, account);
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private void Write(Utf8JsonWriter json, AccountRow account)
    {
        json.WriteStartObject();
        if (account.CustomerId != Guid.Empty) json.WriteString("customerId"u8, account.CustomerId);
        json.WriteString("accountId"u8, account.Id);
        json.WriteString("currency"u8, account.Currency.Code);
        if (AmountMinor != 0) json.WriteNumber("amountMinor"u8, AmountMinor);
        if (account.PostedMinor != 0) json.WriteNumber("postedMinor"u8, account.PostedMinor);
        if (account.PendingOutMinor != 0) json.WriteNumber("heldMinor"u8, account.PendingOutMinor);
        if (HeldChangeMinor != 0) json.WriteNumber("heldChangeMinor"u8, HeldChangeMinor);
        if (account.OverdraftLimitMinor != 0) json.WriteNumber("overdraftLimitMinor"u8, account.OverdraftLimitMinor);
        json.WriteString("status"u8, account.Status.Word());
        if (StatusBefore is { } before) json.WriteString("statusBefore"u8, before.Word());
        if (HasEntry) json.WriteNumber("entryVersion"u8, account.EntryVersion);
        if (TransactionId is { } transaction) json.WriteString("transactionId"u8, transaction);
        if (Kind is not null) json.WriteString("kind"u8, Kind);
        if (CounterpartyId is { } counterparty) json.WriteString("counterpartyId"u8, counterparty);
        if (Reference is not null) json.WriteString("reference"u8, Reference);
        if (SagaId is { } saga) json.WriteString("sagaId"u8, saga);
        if (HoldId is { } hold) json.WriteString("holdId"u8, hold);
        if (WithIban && account.Iban is not null) json.WriteString("iban"u8, account.Iban);
        if (Details is not null) Write(json, Details);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TransactionDetails details)
    {
        if (details.ValueDate is { } date)
            json.WriteString("valueDate"u8, date.ToString("O", CultureInfo.InvariantCulture));
        if (details.Code is not null) json.WriteString("code"u8, details.Code);
        if (details.ExternalReference is not null) json.WriteString("externalReference"u8, details.ExternalReference);
        if (details.Metadata is not null)
        {
            json.WriteStartObject("metadata"u8);
            foreach (var (name, value) in details.Metadata) json.WriteString(name, value);
            json.WriteEndObject();
        }

        if (details.Personal is null) return;
        json.WriteStartArray("personal"u8);
        foreach (var part in details.Personal)
        {
            json.WriteStartObject();
            json.WriteString("subject"u8, part.Subject);
            json.WriteBase64String("data"u8, part.Data);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

/// <summary>The published words of persisted numbers.</summary>
internal static class PublishedNames
{
    /// <summary><c>open</c>, <c>frozen</c> or <c>closed</c>.</summary>
    public static string Word(this AccountStatus status) => status switch
    {
        AccountStatus.Open => "open",
        AccountStatus.Frozen => "frozen",
        AccountStatus.Closed => "closed",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Not a status of this version."),
    };

    /// <summary>The published name of a kind of transaction.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know it.</exception>
    public static string Word(this TransactionKind kind) => TransactionKinds.Of(kind).Name;
}
