using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Kernel;

/// <summary>
/// The data of an event: one flat record for all types; fields that a type does not use are absent. Amounts are minor
/// units of <see cref="Currency"/>. The JSON names are frozen: append only.
/// </summary>
public sealed record EventData
{
    /// <summary>The owner of the subject account, or the customer itself. Empty for a system account.</summary>
    public Guid CustomerId { get; init; }

    /// <summary>The account, for every type but CUSTOMER_CREATED.</summary>
    public Guid? AccountId { get; init; }

    /// <summary>ISO 4217 code.</summary>
    public string? Currency { get; init; }

    /// <summary>
    /// The amount moved, signed from the account's point of view: negative for a debit. Minor units; 0 if no money
    /// moved.
    /// </summary>
    public long AmountMinor { get; init; }

    /// <summary>Posted balance after the event, minor units.</summary>
    public long PostedMinor { get; init; }

    /// <summary>Held (pending out) after the event, minor units.</summary>
    public long HeldMinor { get; init; }

    /// <summary>By how much the event changed what is held, minor units; negative if less is held.</summary>
    public long HeldChangeMinor { get; init; }

    /// <summary>Overdraft limit, minor units, not negative.</summary>
    public long OverdraftLimitMinor { get; init; }

    /// <summary><c>open</c>, <c>frozen</c> or <c>closed</c>.</summary>
    public string? Status { get; init; }

    /// <summary>The status before the event, where the event changed it.</summary>
    public string? StatusBefore { get; init; }

    /// <summary>
    /// The account's entry version, where an entry was written; the entries of an account count from 1 without gaps.
    /// </summary>
    public long? EntryVersion { get; init; }

    /// <summary>The transaction, where money moved.</summary>
    public Guid? TransactionId { get; init; }

    /// <summary>
    /// <c>transfer</c>, <c>refund</c>, <c>deposit</c>, <c>withdrawal</c>, <c>capture</c>, <c>payout</c>,
    /// <c>journal</c>; for BALANCE_UPDATED <c>hold</c>, <c>release</c>, <c>expiry</c>, <c>status</c>, <c>suspense</c>
    /// (a refund that the account could not take).
    /// </summary>
    public string? Kind { get; init; }

    /// <summary>The other customer account of a transfer.</summary>
    public Guid? CounterpartyId { get; init; }

    /// <summary>The client's reference text for the movement.</summary>
    public string? Reference { get; init; }

    /// <summary>The saga that caused it; for a transfer it is the transfer's id.</summary>
    public Guid? SagaId { get; init; }

    /// <summary>The hold, where one is concerned.</summary>
    public Guid? HoldId { get; init; }

    /// <summary>The account's IBAN (ACCOUNT_CREATED).</summary>
    public string? Iban { get; init; }

    /// <summary>The day from which interest counts, where the transaction names one.</summary>
    public DateOnly? ValueDate { get; init; }

    /// <summary>The bank's code for the transaction.</summary>
    public string? Code { get; init; }

    /// <summary>The transaction's id in another system.</summary>
    public string? ExternalReference { get; init; }

    /// <summary>Names and values that the client attached.</summary>
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// Personal data, one part per person: the customer's profile (CUSTOMER_CREATED) or the parties of a payment.
    /// </summary>
    public PersonalPart[]? Personal { get; init; }

    /// <summary>Reads the JSON of an event.</summary>
    /// <exception cref="JsonException">The bytes are not the data of an event.</exception>
    public static EventData Parse(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, EventDataJson.Default.EventData)
            ?? throw new JsonException("The event has no data.");

    /// <summary>The frozen JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, EventDataJson.Default.EventData);
}

/// <summary>The JSON names of <see cref="EventData"/>: camel case, defaults left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(EventData))]
internal sealed partial class EventDataJson : JsonSerializerContext;
