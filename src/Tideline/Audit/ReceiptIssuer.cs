using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;
using Tideline.Log;

namespace Tideline.Audit;

/// <summary>
/// Makes receipts of booked transactions. The key is made with the first receipt; it is kept on shard 0 of the strong
/// tier, and its private part never leaves it.
/// </summary>
public sealed class ReceiptIssuer(GeneralLedger ledger, ILog log, TimeProvider time)
{
    private const string KeyKind = "receipt-key:1";
    private readonly SourceHistory _sources = new(ledger.Epochs);
    private readonly Guid _keyId = DerivedId.On(0, ledger.Map, "receipt-key", "1");

    /// <summary>
    /// The signed receipt of a transaction. <paramref name="account"/>: only the entries of this account, because an
    /// entry shows the balance; null: all.
    /// </summary>
    /// <exception cref="TidelineException">Corrupt: its events cannot be read.</exception>
    public async Task<ReceiptAnswer> IssueAsync(Guid transaction, Guid? account, CancellationToken cancel)
    {
        Receipt? receipt = null;
        var entries = new List<ReceiptEntry>();
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if (await ledger.Reader(shard).GetTransactionAsync(transaction, cancel) is not { } row) continue;
            receipt ??= new Receipt
            {
                Installation = ledger.Installation, TransactionId = transaction, Kind = row.Kind.Word(),
                Reference = row.Reference, IssuedAt = Text(time.NowUs()),
            };
            if (await EntriesAsync(shard, row, account, entries, cancel) is { } pending)
                return new ReceiptAnswer(null, pending);
        }

        if (receipt is null || entries.Count == 0) return new ReceiptAnswer(null, null);
        receipt = receipt with { Entries = [.. entries] };
        using var key = await KeyAsync(cancel);
        var json = JsonSerializer.SerializeToElement(
            new SignedReceipt(receipt, new ReceiptSignature("", "", "")), ReceiptJson.Default.SignedReceipt);
        return new ReceiptAnswer(
            new SignedReceipt(receipt, key.Sign(CanonicalJson.Of(json.GetProperty("receipt")))), null);
    }

    /// <summary>The id of the key, and its public part as PEM text.</summary>
    public async Task<(string Id, string Pem)> PublicKeyAsync(CancellationToken cancel)
    {
        using var key = await KeyAsync(cancel);
        return (key.Id, key.ToPublicPem());
    }

    private async Task<ReceiptKey> KeyAsync(CancellationToken cancel)
    {
        if (await ledger.Reader(0).GetAggregateAsync(_keyId, cancel) is not { } stored)
        {
            using var made = ReceiptKey.Make();
            var pkcs8 = Convert.ToBase64String(made.ToPkcs8());
            await ledger.ExecuteAsync(new StoreAggregateOnce(_keyId, KeyKind, pkcs8), cancel);
            // Another process may have been first.
            stored = await ledger.Reader(0).GetAggregateAsync(_keyId, cancel)
                ?? throw new TidelineException(ErrorCode.Internal, "The key for receipts was stored and is not there.");
        }

        return ReceiptKey.Read(stored.Data);
    }

    // Answers which event is not in a published block yet; null if all are.
    private async Task<Position?> EntriesAsync(
        int shard, TransactionRow row, Guid? account, List<ReceiptEntry> entries, CancellationToken cancel)
    {
        var published = await _sources.HeadAsync(log, Topics.AuditHeads, ShardStream.Blocks, shard, cancel);
        foreach (var happened in await EventsAsync(shard, row, cancel))
        {
            if (account is not null && happened.Subject != account) continue;
            if (await BlockAsync(shard, happened.Position.Seq, cancel) is not { } block || block.Number > published.Seq)
                return happened.Position;
            entries.Add(EntryOf(happened, await ProofAsync(shard, happened, block, cancel)));
        }

        return null;
    }

    private static ReceiptEntry EntryOf(LedgerEvent happened, ReceiptProof proof)
    {
        var data = EventData.Parse(happened.Data.Span);
        var currency = Currency.Parse(data.Currency ?? "");
        var type = EventTypes.Find(happened.Type)?.Name ?? "";
        return new ReceiptEntry(
            happened.Subject, new Money(data.AmountMinor, currency).ToDecimalString(), currency.Code,
            new Money(data.PostedMinor, currency).ToDecimalString(), data.EntryVersion ?? 0, Text(happened.TimeUs),
            new ReceiptEvent(
                happened.Position.Shard, happened.Position.Seq, type, (int)happened.Type, happened.Subject,
                happened.Version, happened.TimeUs, happened.Data.ToArray()),
            proof);
    }

    // All events of a commit have its time, and times rise.
    private async Task<IReadOnlyList<LedgerEvent>> EventsAsync(int shard, TransactionRow row, CancellationToken cancel)
    {
        var reader = ledger.Reader(shard);
        var (before, head) = (0L, (await reader.GetHeadAsync(cancel)).EventSeq);
        for (var until = head; before < until;)
        {
            var middle = before + ((until - before) / 2);
            var isEarlier = await reader.GetEventsAsync(middle, 1, cancel) is [var one] && one.TimeUs < row.TimeUs;
            if (isEarlier) before = middle + 1;
            else until = middle;
        }

        var found = new List<LedgerEvent>();
        while (await reader.GetEventsAsync(before, Limits.EventBatch, cancel) is { Count: > 0 } page)
        {
            foreach (var happened in page)
            {
                if (happened.TimeUs > row.TimeUs) return found;
                if (IsOf(happened, row.Id)) found.Add(happened);
            }

            before = page[^1].Position.Seq;
        }

        return found;
    }

    private static bool IsOf(LedgerEvent happened, Guid transaction) =>
        (int)happened.Type < EventTypes.FirstOfServices
            && EventData.Parse(happened.Data.Span) is { EntryVersion: not null } data
            && data.TransactionId == transaction;

    // Blocks follow each other without gaps.
    private async Task<AuditBlockRow?> BlockAsync(int shard, long seq, CancellationToken cancel)
    {
        var reader = ledger.Reader(shard);
        var head = await reader.GetHeadAsync(cancel);
        if (seq > head.BlockThroughSeq) return null;
        var (before, until) = (0L, head.BlockNumber);
        while (before < until)
        {
            var middle = before + ((until - before) / 2);
            var isEarlier = await reader.GetBlocksAsync(middle, 1, cancel) is [var one] && one.ThroughSeq < seq;
            if (isEarlier) before = middle + 1;
            else until = middle;
        }

        return await reader.GetBlocksAsync(before, 1, cancel) is [var block] ? block : null;
    }

    private async Task<ReceiptProof> ProofAsync(
        int shard, LedgerEvent happened, AuditBlockRow block, CancellationToken cancel)
    {
        using var hash = new BlockHash();
        for (var seq = block.FromSeq - 1; seq < block.ThroughSeq;)
        {
            var page = await ledger.Reader(shard).GetEventsAsync(
                seq, (int)Math.Min(Limits.EventBatch, block.ThroughSeq - seq), cancel);
            if (page.Count == 0 || page[0].Position.Seq != seq + 1)
                throw new TidelineException(ErrorCode.Corrupt, $"Event {shard}:{seq + 1} is missing.");
            foreach (var each in page) hash.Add(each);
            seq = page[^1].Position.Seq;
        }

        var index = (int)(happened.Position.Seq - block.FromSeq);
        var path = MerkleTree.Path([.. hash.Leaves], index);
        return new ReceiptProof(
            block.Number, block.FromSeq, block.ThroughSeq, [.. path.Select(Convert.ToHexStringLower)],
            Convert.ToHexStringLower(block.PreviousHash), Convert.ToHexStringLower(block.Hash));
    }

    private static string Text(long us) => Clock.FromUs(us).UtcDateTime.ToString(
        "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>
/// A receipt; null if there is no such transaction, or if <paramref name="Pending"/> names its event that is not in a
/// published block of the audit chain yet: repeat the request in a second.
/// </summary>
public sealed record ReceiptAnswer(SignedReceipt? Receipt, Position? Pending);
