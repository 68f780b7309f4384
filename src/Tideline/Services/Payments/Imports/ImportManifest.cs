using System.Text.Json.Serialization;
using Tideline.Services.Payments.Iso20022;

namespace Tideline.Services.Payments.Imports;

/// <summary>The data stored beside an accepted file. The JSON is written to disk: append only.</summary>
internal sealed record ImportManifest
{
    public required Guid ImportId { get; init; }

    /// <summary>The format, as in <c>pain.001.001.09</c>.</summary>
    public required string MessageName { get; init; }

    public required string MessageId { get; init; }

    public required string CreatedAt { get; init; }

    public required string InitiatingParty { get; init; }

    public required int Payments { get; init; }

    public required decimal Sum { get; init; }

    /// <summary>SHA-256 of the file, hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>When it was accepted. Execution dates are compared with this day, also on every later run.</summary>
    public required long ReceivedUs { get; init; }

    /// <summary>Why the whole message was refused; null if it was accepted.</summary>
    public StatusReason? Refused { get; init; }

    /// <summary>Every payment has its final result.</summary>
    public bool Finished { get; init; }

    public int Settled { get; init; }

    public int Rejected { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImportManifest))]
[JsonSerializable(typeof(PaymentResult))]
internal sealed partial class ImportJson : JsonSerializerContext;
