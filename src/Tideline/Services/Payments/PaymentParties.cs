using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Payments;

/// <summary>
/// The parties and the purpose of a payment, as the payer's message states them. A transaction stores them in personal
/// parts: the debtor's, with everything that the debtor wrote, and the creditor's. A payment to oneself has one part.
/// </summary>
public sealed record PaymentParties
{
    // Letters of all languages are not escaped: the size of a part is limited.
    private static readonly PaymentPartiesJson s_plain = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });

    /// <summary>The payer.</summary>
    public PaymentParty? Debtor { get; init; }

    /// <summary>The payee.</summary>
    public PaymentParty? Creditor { get; init; }

    /// <summary>The payer's id for the payment, which reaches the creditor.</summary>
    public string? EndToEndId { get; init; }

    /// <summary>The creditor's reference, as in <c>RF18539007547034</c>.</summary>
    public string? StructuredReference { get; init; }

    /// <summary>The payer's remittance text, line by line.</summary>
    public string[]? Remittance { get; init; }

    /// <summary>
    /// Reads the parties from a transaction, an event or a document; null if it has none that can be read.
    /// </summary>
    public static PaymentParties? Read(IReadOnlyList<PersonalPart>? parts)
    {
        PaymentParties? all = null;
        foreach (var part in parts ?? [])
        {
            if (Read(part.Data) is not { } one) continue;
            all = all is null
                ? one
                : all with
                {
                    Debtor = all.Debtor ?? one.Debtor,
                    Creditor = all.Creditor ?? one.Creditor,
                    EndToEndId = all.EndToEndId ?? one.EndToEndId,
                    StructuredReference = all.StructuredReference ?? one.StructuredReference,
                    Remittance = all.Remittance ?? one.Remittance,
                };
        }

        return all;
    }

    /// <summary>The personal parts. A subject is a customer; if null, an id derived from IBAN or name.</summary>
    public PersonalPart[] ToParts(Guid? debtor, Guid? creditor)
    {
        var (payer, payee) = (debtor ?? Derive(Debtor), creditor ?? Derive(Creditor));
        return payer == payee
            ? [Part(payer, this)]
            :
            [
                Part(payer, this with { Creditor = null }),
                Part(payee, new PaymentParties { Creditor = Creditor }),
            ];
    }

    /// <summary>Writes its fields into the open object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        Write(json, "debtor", Debtor);
        Write(json, "creditor", Creditor);
        if (EndToEndId is not null) json.WriteString("endToEndId", EndToEndId);
        if (StructuredReference is not null) json.WriteString("structuredReference", StructuredReference);
        if (Remittance is null) return;
        json.WriteStartArray("remittance");
        foreach (var line in Remittance) json.WriteStringValue(line);
        json.WriteEndArray();
    }

    /// <summary>
    /// As above, for a transaction's details, with value date, code, external reference and metadata.
    /// </summary>
    public static void Write(Utf8JsonWriter json, TransactionDetails? details)
    {
        if (details is null) return;
        if (details.ValueDate is { } date) json.WriteString("valueDate", Day(date));
        if (details.Code is not null) json.WriteString("code", details.Code);
        if (details.ExternalReference is not null) json.WriteString("externalReference", details.ExternalReference);
        if (details.Metadata is not null)
        {
            json.WriteStartObject("metadata");
            foreach (var (name, value) in details.Metadata) json.WriteString(name, value);
            json.WriteEndObject();
        }

        Read(details.Personal)?.Write(json);
    }

    private static string Day(DateOnly date) => date.ToString("O", System.Globalization.CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, string role, PaymentParty? party)
    {
        if (party is null) return;
        json.WriteStartObject(role);
        if (party.Name is not null) json.WriteString("name", party.Name);
        if (party.Iban is not null) json.WriteString("iban", party.Iban);
        json.WriteEndObject();
    }

    // A part whose key was destroyed, or with other content, is skipped.
    private static PaymentParties? Read(byte[] data)
    {
        try
        {
            return JsonSerializer.Deserialize(data, PaymentPartiesJson.Default.PaymentParties);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static PersonalPart Part(Guid subject, PaymentParties said) =>
        new(subject, JsonSerializer.SerializeToUtf8Bytes(said, s_plain.PaymentParties));

    private static Guid Derive(PaymentParty? party) => DerivedId.Of("party", party?.Iban ?? party?.Name ?? "");
}

/// <summary>One side of a payment.</summary>
public sealed record PaymentParty(string? Name, string? Iban);

/// <summary>The JSON of personal parts of payments.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PaymentParties))]
internal sealed partial class PaymentPartiesJson : JsonSerializerContext;
