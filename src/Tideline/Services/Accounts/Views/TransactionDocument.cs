using System.Globalization;
using System.Text.Json.Serialization;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts.Views;

/// <summary>
/// One entry on a customer's account, searchable. Amounts are minor units of <see cref="Currency"/>.
/// </summary>
public sealed record TransactionDocument
{
    public Guid CustomerId { get; init; }

    public Guid AccountId { get; init; }

    /// <summary>The version of the entry: the entries of an account count from 1.</summary>
    public long EntryVersion { get; init; }

    public Guid TransactionId { get; init; }

    /// <summary><c>transfer</c>, <c>refund</c>, <c>deposit</c>, <c>withdrawal</c>, <c>capture</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary><c>in</c> or <c>out</c>.</summary>
    public string Direction { get; init; } = "";

    /// <summary>Negative for an outgoing movement.</summary>
    public long AmountMinor { get; init; }

    public string Currency { get; init; } = "";

    public long BalanceAfterMinor { get; init; }

    /// <summary>The other customer account of a transfer.</summary>
    public Guid? CounterpartyId { get; init; }

    public string? Reference { get; init; }

    /// <summary>Commit time, microseconds since 1970-01-01 UTC; indexed.</summary>
    public long BookedAtUs { get; init; }

    /// <summary><see cref="BookedAtUs"/> in RFC 3339.</summary>
    public DateTimeOffset BookedAt { get; init; }

    public Guid? SagaId { get; init; }

    /// <summary>The day from which interest counts, if the transaction names one.</summary>
    public DateOnly? ValueDate { get; init; }

    public string? Code { get; init; }

    public string? ExternalReference { get; init; }

    /// <summary>Names and values that the client attached.</summary>
    public Dictionary<string, string>? Metadata { get; init; }

    /// <summary>Personal data, as the bytes of the event.</summary>
    public PersonalPart[]? Personal { get; init; }

    /// <summary>The transaction's details; null if it has none.</summary>
    [JsonIgnore]
    public TransactionDetails? Details => TransactionDetails.Of(new EventData
    {
        ValueDate = ValueDate, Code = Code, ExternalReference = ExternalReference, Metadata = Metadata,
        Personal = Personal,
    });

    /// <summary>
    /// The document's id: a transaction may have several entries on one account. The version has leading zeros, so that
    /// ids order the entries of one moment.
    /// </summary>
    public static string IdOf(Guid accountId, long entryVersion) =>
        string.Create(CultureInfo.InvariantCulture, $"{accountId}:{entryVersion:D10}");
}
