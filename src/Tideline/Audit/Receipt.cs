using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tideline.Audit;

/// <summary>
/// A receipt with the signature of the installation over its canonical JSON (<see cref="CanonicalJson"/>).
/// </summary>
/// <param name="Receipt">What is signed.</param>
/// <param name="Signature">The signature.</param>
public sealed record SignedReceipt(Receipt Receipt, ReceiptSignature Signature)
{
    /// <summary>The JSON, indented.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ReceiptJson.Plain.SignedReceipt);
}

/// <summary>
/// What an installation says of a booked transaction: the entries on its customers' accounts, each with the event that
/// tells of it and the event's place in the audit chain.
/// </summary>
public sealed record Receipt
{
    /// <summary>The version of this form.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The installation's id.</summary>
    public Guid Installation { get; init; }

    /// <summary>The transaction; for a transfer the transfer's id.</summary>
    public Guid TransactionId { get; init; }

    /// <summary>Its kind, as in <c>transfer</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The client's reference text.</summary>
    public string? Reference { get; init; }

    /// <summary>When the receipt was made, RFC 3339.</summary>
    public string IssuedAt { get; init; } = "";

    /// <summary>The entries, in the order of shard and sequence.</summary>
    public ReceiptEntry[] Entries { get; init; } = [];
}

/// <summary>An entry of a receipt. Amounts are decimals of the currency.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Amount">The amount; negative for money that left.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Balance">The posted balance after it.</param>
/// <param name="EntryVersion">Its number on the account, from 1.</param>
/// <param name="BookedAt">The commit time, RFC 3339.</param>
/// <param name="Event">The event that tells of it.</param>
/// <param name="Proof">The event's place in the audit chain.</param>
public sealed record ReceiptEntry(
    Guid AccountId, string Amount, string Currency, string Balance, long EntryVersion, string BookedAt,
    ReceiptEvent Event, ReceiptProof Proof);

/// <summary>
/// An event as the audit chain hashes it: sequence number (8 bytes), number of the type (4), subject (16), version (8),
/// time (8), length of the data (4), data; integers big-endian.
/// </summary>
/// <param name="Shard">The shard.</param>
/// <param name="Seq">The sequence number on the shard.</param>
/// <param name="Type">The name of its type.</param>
/// <param name="TypeNumber">The number of its type.</param>
/// <param name="Subject">The account.</param>
/// <param name="Version">The number of the account's event.</param>
/// <param name="TimeUs">The commit time, microseconds since 1970-01-01 UTC.</param>
/// <param name="Data">The data, UTF-8 JSON; in the receipt's JSON as base64.</param>
public sealed record ReceiptEvent(
    int Shard, long Seq, string Type, int TypeNumber, Guid Subject, long Version, long TimeUs, byte[] Data);

/// <summary>
/// The path from an event to a published head of its shard's audit chain: the event's hash with those of the path gives
/// the root of the block's Merkle tree (RFC 6962), and SHA-256(previous hash ‖ block ‖ from ‖ through ‖ root) is the
/// head. Hashes are hexadecimal.
/// </summary>
/// <param name="Block">The number of the block.</param>
/// <param name="FromSeq">The block's first event.</param>
/// <param name="ThroughSeq">The block's last event.</param>
/// <param name="Path">The hashes beside the way from the event to the root.</param>
/// <param name="PreviousHash">The head before.</param>
/// <param name="Head">The block's hash, as published on <c>audit.heads</c>.</param>
public sealed record ReceiptProof(
    long Block, long FromSeq, long ThroughSeq, string[] Path, string PreviousHash, string Head);

/// <summary>An ECDSA signature with P-256 and SHA-256 (ES256), as r ‖ s in base64url.</summary>
/// <param name="Algorithm"><c>ES256</c>.</param>
/// <param name="KeyId">The key: the first 32 hexadecimal digits of the SHA-256 of its public part (SPKI, DER).</param>
/// <param name="Value">The signature.</param>
public sealed record ReceiptSignature(string Algorithm, string KeyId, string Value)
{
    /// <summary>The algorithm, as RFC 7518 names it.</summary>
    public const string Es256 = "ES256";
}

/// <summary>The JSON of receipts: camel case, null left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(SignedReceipt))]
internal sealed partial class ReceiptJson : JsonSerializerContext
{
    /// <summary>With letters of any language as they are.</summary>
    public static ReceiptJson Plain => field ??= new(new JsonSerializerOptions(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
