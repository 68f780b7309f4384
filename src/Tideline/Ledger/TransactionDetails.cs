using System.Text.Json;
using System.Text.Json.Serialization;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What a transaction may say beside its legs. Most say none of it.</summary>
public sealed record TransactionDetails
{
    /// <summary>The day from which interest counts; null: the day of the booking (UTC).</summary>
    public DateOnly? ValueDate { get; init; }

    /// <summary>The bank's code for it.</summary>
    public string? Code { get; init; }

    /// <summary>What another system calls it.</summary>
    public string? ExternalReference { get; init; }

    /// <summary>Names and values of the client's own, in its order.</summary>
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>What is said of persons: one part for each of them.</summary>
    public PersonalPart[]? Personal { get; init; }

    /// <summary>The metadata as a store keeps it.</summary>
    [JsonIgnore]
    public string? MetadataJson => Metadata is null
        ? null
        : JsonSerializer.Serialize(Metadata, TransactionDetailsJson.Default.DictionaryStringString);

    /// <summary>The personal parts as a store keeps them: the JSON that events have, too.</summary>
    [JsonIgnore]
    public string? PersonalJson => Personal is null
        ? null
        : JsonSerializer.Serialize(Personal, TransactionDetailsJson.Default.PersonalPartArray);

    /// <summary>What a store kept; null where it kept nothing.</summary>
    /// <exception cref="TidelineException">Corrupt: it is not the JSON that was written.</exception>
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

    /// <summary>What an event says of its transaction; null when that is nothing.</summary>
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

    /// <summary>All of it, the same for what is the same.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, TransactionDetailsJson.Default.TransactionDetails);

    /// <summary>Why it cannot be kept; null when it can.</summary>
    internal Refusal? Check(long nowUs)
    {
        var today = DateOnly.FromDateTime(Clock.FromUs(nowUs).UtcDateTime);
        if (ValueDate is { } date && Math.Abs(date.DayNumber - today.DayNumber) > Limits.ValueDateDays)
            return Invalid($"A value date lies {Limits.ValueDateDays} days from today at most.");
        if (Code?.Length is 0 or > Limits.TransactionCodeCharacters)
            return Invalid($"A code has 1 to {Limits.TransactionCodeCharacters} characters.");
        if (ExternalReference?.Length is 0 or > Limits.ExternalReferenceCharacters)
            return Invalid($"An external reference has 1 to {Limits.ExternalReferenceCharacters} characters.");
        if (Metadata is { Count: > Limits.MetadataFields })
            return Invalid($"Metadata has {Limits.MetadataFields} fields at most.");
        if (Metadata is not null && !Metadata.All(static field => IsField(field.Key, field.Value)))
            return Invalid(
                $"A field of metadata has a name of 1 to {Limits.MetadataNameCharacters} letters, digits, '-' and "
                + $"'_', and a value of {Limits.MetadataValueCharacters} characters at most.");
        if (Personal is { Length: > Limits.PersonalParts }
            || Personal?.Any(static part => part.Data.Length > Limits.PersonalPartBytes) == true)
            return Invalid($"A transaction says {Limits.PersonalPartBytes} bytes of {Limits.PersonalParts} persons.");
        return Personal?.DistinctBy(static part => part.Subject).Count() < Personal?.Length
            ? Invalid("Two parts are about one person.")
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
        name.Length is > 0 and <= Limits.MetadataNameCharacters
        && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
        && value.Length <= Limits.MetadataValueCharacters;

    private static Refusal Invalid(string sentence) => new(RefusalReason.InvalidTransaction, sentence);
}

/// <summary>The JSON of details, as stores keep it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(PersonalPart[]))]
[JsonSerializable(typeof(TransactionDetails))]
internal sealed partial class TransactionDetailsJson : JsonSerializerContext;
