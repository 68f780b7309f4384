using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>The optional details of a transaction. Most transactions have none.</summary>
public sealed record TransactionDetails
{
    /// <summary>The day from which interest counts; null: the day of the booking (UTC).</summary>
    public DateOnly? ValueDate { get; init; }

    /// <summary>The bank's code for the transaction.</summary>
    public string? Code { get; init; }

    /// <summary>The transaction's id in another system.</summary>
    public string? ExternalReference { get; init; }

    /// <summary>Names and values that the client attached, in its order.</summary>
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>Personal data, one part per person.</summary>
    public PersonalPart[]? Personal { get; init; }

    /// <summary>The metadata as stored.</summary>
    [JsonIgnore]
    public string? MetadataJson => Metadata is null
        ? null
        : JsonSerializer.Serialize(Metadata, TransactionDetailsJson.Default.DictionaryStringString);

    /// <summary>The personal parts as stored: the same JSON as in events.</summary>
    [JsonIgnore]
    public string? PersonalJson => Personal is null
        ? null
        : JsonSerializer.Serialize(Personal, TransactionDetailsJson.Default.PersonalPartArray);

    /// <summary>The stored details; null if none were stored.</summary>
    /// <exception cref="TidelineException">Corrupt: the stored text is not the JSON that was written.</exception>
    public static TransactionDetails? Of(
        DateOnly? valueDate, string? code, string? externalReference, string? metadata, string? personal)
    {
        if (valueDate is null && code is null && externalReference is null && metadata is null && personal is null)
            return null;
        try
        {
            return new TransactionDetails
            {
                ValueDate = valueDate,
                Code = code,
                ExternalReference = externalReference,
                Metadata = metadata is null
                    ? null
                    : JsonSerializer.Deserialize(metadata, TransactionDetailsJson.Default.DictionaryStringString),
                Personal = personal is null
                    ? null
                    : JsonSerializer.Deserialize(personal, TransactionDetailsJson.Default.PersonalPartArray),
            };
        }
        catch (JsonException fault)
        {
            throw new TidelineException(ErrorCode.Corrupt, "The details of a transaction cannot be read.", fault)
            {
                IsOfOneRow = true,
            };
        }
    }

    /// <summary>The details that an event carries; null if it has none.</summary>
    public static TransactionDetails? Of(EventData data)
    {
        var details = new TransactionDetails
        {
            ValueDate = data.ValueDate,
            Code = data.Code,
            ExternalReference = data.ExternalReference,
            Metadata = data.Metadata,
            Personal = data.Personal,
        };
        return details == new TransactionDetails() ? null : details;
    }

    /// <summary>All details as JSON; equal details give equal text.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, TransactionDetailsJson.Default.TransactionDetails);

    /// <summary>Why the details cannot be stored; null if they can.</summary>
    internal Refusal? Check(long nowUs)
    {
        var today = DateOnly.FromDateTime(Clock.FromUs(nowUs).UtcDateTime);
        if (ValueDate is { } date && Math.Abs(date.DayNumber - today.DayNumber) > LedgerLimits.ValueDateDays)
            return Invalid($"A value date is at most {LedgerLimits.ValueDateDays} days from today.");
        if (Code?.Length is 0 or > LedgerLimits.TransactionCodeCharacters)
            return Invalid($"A code has 1 to {LedgerLimits.TransactionCodeCharacters} characters.");
        if (ExternalReference?.Length is 0 or > LedgerLimits.ExternalReferenceCharacters)
            return Invalid($"An external reference has 1 to {LedgerLimits.ExternalReferenceCharacters} characters.");
        if (Metadata is { Count: > LedgerLimits.MetadataFields })
            return Invalid($"Metadata has at most {LedgerLimits.MetadataFields} fields.");
        if (Metadata is not null && !Metadata.All(static field => IsField(field.Key, field.Value)))
            return Invalid(
                $"A field of metadata has a name of 1 to "
                + $"{LedgerLimits.MetadataNameCharacters} letters, digits, '-' and "
                + $"'_', and a value of at most {LedgerLimits.MetadataValueCharacters} characters.");
        if (Personal is { Length: > LedgerLimits.PersonalParts }
            || Personal?.Any(static part => part.Data.Length > LedgerLimits.PersonalPartBytes) == true)
            return Invalid(
                $"At most {LedgerLimits.PersonalParts} personal parts of {LedgerLimits.PersonalPartBytes} bytes each.");
        return Personal?.DistinctBy(static part => part.Subject).Count() < Personal?.Length
            ? Invalid("Two personal parts are about the same person.")
            : null;
    }

    /// <inheritdoc/>
    public bool Equals(TransactionDetails? other) =>
        other is not null
        && (ValueDate, Code, ExternalReference) == (other.ValueDate, other.Code, other.ExternalReference)
        && (Metadata ?? []).SequenceEqual(other.Metadata ?? [])
        && (Personal ?? []).SequenceEqual(other.Personal ?? []);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ValueDate, Code, ExternalReference);

    private static bool IsField(string name, string value) =>
        name.Length is > 0 and <= LedgerLimits.MetadataNameCharacters
        && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
        && value.Length <= LedgerLimits.MetadataValueCharacters;

    private static Refusal Invalid(string sentence) => new(RefusalReason.InvalidTransaction, sentence);
}

/// <summary>The JSON of the stored details.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(PersonalPart[]))]
[JsonSerializable(typeof(TransactionDetails))]
internal sealed partial class TransactionDetailsJson : JsonSerializerContext;
