using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Tideline.Kernel;

namespace Tideline.Audit;

/// <summary>What a receipt proves: the published heads that it leads to; or why it proves nothing.</summary>
/// <param name="Fault">Why it proves nothing, as a sentence; null if it is genuine.</param>
/// <param name="Receipt">What it says; null if it cannot be read.</param>
public sealed record ReceiptVerdict(string? Fault, Receipt? Receipt);

/// <summary>
/// Checks a receipt with the public key of the installation and nothing else: the signature, that the entries say what
/// their events say, and that each event's path leads to the head that is named.
/// </summary>
public static class ReceiptVerifier
{
    private const int MostBytes = 16 * 1024 * 1024;

    /// <summary>Checks a receipt.</summary>
    /// <param name="json">The receipt, UTF-8 JSON; white space and the order of names do not matter.</param>
    /// <param name="publicPem">The public key, PEM.</param>
    public static ReceiptVerdict Verify(ReadOnlyMemory<byte> json, string publicPem)
    {
        if (json.Length > MostBytes) return new ReceiptVerdict($"It has more than {MostBytes} bytes.", null);
        try
        {
            using var key = ReceiptKey.ReadPublic(publicPem);
            using var document = JsonDocument.Parse(json);
            // What the signature does not cover must not be in the file.
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root
                || root.EnumerateObject().Any(member => member.Name is not ("receipt" or "signature")))
                return new ReceiptVerdict("It is not a receipt.", null);
            if (root.Deserialize(ReceiptJson.Default.SignedReceipt) is not
                { Receipt: { Entries: not null } receipt, Signature: { } signature })
                return new ReceiptVerdict("It is not a receipt.", null);
            if (signature.Algorithm != ReceiptSignature.Es256)
                return new ReceiptVerdict(
                    $"The algorithm '{signature.Algorithm}' is not {ReceiptSignature.Es256}.", receipt);
            if (signature.KeyId != key.Id)
                return new ReceiptVerdict(
                    $"It is signed with the key {signature.KeyId}; the public key given is {key.Id}.", receipt);
            var bytes = CanonicalJson.Of(root.GetProperty("receipt"));
            return new ReceiptVerdict(
                !key.HasSigned(bytes, signature.Value) ? "The signature does not fit: the receipt was changed."
                    : receipt.Version != 1 ? $"This program does not know version {receipt.Version} of receipts."
                    : receipt.Entries.Length == 0 ? "It has no entries."
                    : receipt.Entries.Select(entry => FaultOf(receipt, entry)).FirstOrDefault(why => why is not null),
                receipt);
        }
        catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
        {
            return new ReceiptVerdict($"It cannot be read: {fault.Message}", null);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            return new ReceiptVerdict($"The public key cannot be read: {fault.Message}", null);
        }
    }

    private static string? FaultOf(Receipt receipt, ReceiptEntry entry)
    {
        var said = entry.Event;
        var name = $"Entry {entry.EntryVersion} of account {entry.AccountId}";
        var data = EventData.Parse(said.Data);
        if (!Currency.TryParse(data.Currency, out var currency)) return $"{name} is in no currency.";
        var isSaid = said.Subject == entry.AccountId && data.AccountId == entry.AccountId
            && data.TransactionId == receipt.TransactionId && data.Kind == receipt.Kind
            && data.Reference == receipt.Reference && data.EntryVersion == entry.EntryVersion
            && currency.Code == entry.Currency
            && new Money(data.AmountMinor, currency).ToDecimalString() == entry.Amount
            && new Money(data.PostedMinor, currency).ToDecimalString() == entry.Balance
            && Text(said.TimeUs) == entry.BookedAt
            && EventTypes.Find((EventType)said.TypeNumber) is var type && (type is null || type.Name == said.Type);
        if (!isSaid) return $"{name} is not what its event says.";
        var (proof, happened) = (entry.Proof, new LedgerEvent(
            new Position(said.Shard, said.Seq), (EventType)said.TypeNumber, said.Subject, said.Version, said.TimeUs,
            said.Data));
        using var leaf = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        MerkleTree.BeginLeaf(leaf);
        EventHash.Append(leaf, happened);
        var root = MerkleTree.RootOf(
            leaf.GetHashAndReset(), said.Seq - proof.FromSeq, proof.ThroughSeq - proof.FromSeq + 1,
            [.. proof.Path.Select(Convert.FromHexString)]);
        var head = root is null ? [] : BlockHash.Of(
            Convert.FromHexString(proof.PreviousHash), proof.Block, proof.FromSeq, proof.ThroughSeq, root);
        return Convert.ToHexStringLower(head) == proof.Head ? null
            : $"The path of {name} does not lead to head {proof.Head}.";
    }

    private static string Text(long us) => Clock.FromUs(us).UtcDateTime.ToString(
        "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
