using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// What building a customer anew did: <paramref name="Events"/> folded, <paramref name="Documents"/> replaced, over all
/// collections. <paramref name="Reason"/> says why nothing of the customer document was written: an event cannot be
/// folded. Null when all is well.
/// </summary>
public sealed record RepairResult(Guid Key, long Events, int Documents, string? Reason);

/// <summary>
/// Builds the documents of one customer anew from the events of the ledger, whatever stands in their place, while
/// everything else goes on. The events are walked beside the projector; only the last of them, and the document itself,
/// are written while it pauses.
/// </summary>
public sealed class ViewRepair(Projector projector, GeneralLedger ledger, IViewStore views, DamagedDocuments damaged)
{
    /// <summary>How an operator asks for it.</summary>
    public const string Command = "./tideline projections repair CUSTOMER";

    /// <summary>Builds a customer anew.</summary>
    /// <exception cref="TidelineException">NotFound: neither ledger nor views know the customer. NotOwner: another
    /// process builds the views.</exception>
    public async Task<RepairResult> RepairAsync(Guid key, CancellationToken cancel)
    {
        projector.RequireBuilder();
        var (names, fold) = (projector.Names, new Folded(key));
        var shards = await ShardsOfAsync(key, cancel);
        foreach (var shard in shards) await FoldAsync(fold, names, shard, projector.Watermark(shard), cancel);
        await projector.Gate.WaitAsync(cancel);
        try
        {
            if (projector.Names.Version != names.Version)
                throw new TidelineException(
                    ErrorCode.StorageUnavailable, "The views were switched to another version meanwhile. Try again.");
            foreach (var shard in shards) await FoldAsync(fold, names, shard, projector.Watermark(shard), cancel);
            return await FinishAsync(fold, names, cancel);
        }
        finally
        {
            projector.Gate.Release();
        }
    }

    private async Task<RepairResult> FinishAsync(Folded fold, ViewNames names, CancellationToken cancel)
    {
        var id = fold.Key.ToString();
        if (fold.Reason is not null) return new RepairResult(fold.Key, fold.Events, fold.Documents, fold.Reason);
        var stored = await views.ReadAsync(names.Customers, [id], cancel) is [var found] ? found : null;
        if (fold.Document is null && stored is null)
            throw new TidelineException(
                ErrorCode.NotFound, $"Neither the ledger nor the views know a customer {fold.Key}.");
        var write = fold.Document is null ? null : ViewApplier.Write(fold.Document, 0);
        if (write?.Json?.Length > Limits.CustomerDocumentBytes)
            return new RepairResult(
                fold.Key, fold.Events, fold.Documents,
                $"The document would have more than {Limits.CustomerDocumentBytes} bytes.");
        if (stored is not null) await views.RemoveAsync(names.Customers, [id], cancel);
        if (write is not null && !(await views.WriteAsync(names.Customers, [write], cancel))[0])
            throw new TidelineException(
                ErrorCode.StorageUnavailable, "Another process wrote the document at the same moment. Try again.");
        projector.Applier.Forget(fold.Key);
        damaged.Forget(names.Customers, id);
        await projector.Dead.ReleaseAsync(fold.Key, cancel);
        if (!fold.HasPassedOver) await projector.Dead.HealAsync(key => key == fold.Key, cancel);
        return new RepairResult(fold.Key, fold.Events, fold.Documents + 1, null);
    }

    // Events of a customer stand where the customer and the accounts live.
    private async Task<IReadOnlyList<int>> ShardsOfAsync(Guid key, CancellationToken cancel)
    {
        var shards = new SortedSet<int> { ledger.Map.ShardOf(key) };
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if ((await ledger.RawReader(shard).GetAccountsOfCustomerAsync(key, 1, cancel)).Count > 0) shards.Add(shard);
        }

        return [.. shards];
    }

    private async Task FoldAsync(Folded fold, ViewNames names, int shard, long untilSeq, CancellationToken cancel)
    {
        while (fold.Reason is null && fold.Reached.GetValueOrDefault(shard) is var from && from < untilSeq)
        {
            var read = await ledger.RawReader(shard)
                .GetEventsAsync(from, (int)Math.Min(Limits.EventBatch, untilSeq - from), cancel);
            if (read.Count == 0)
                throw new TidelineException(
                    ErrorCode.Corrupt, $"The ledger of shard {shard} ends at {from}; the views hold more.");
            var (events, transactions) = (new List<DocumentWrite>(), new List<DocumentWrite>());
            foreach (var happened in read.Select(ProjectedEvent.From).Where(each => each.Key == fold.Key))
            {
                if (fold.Reason is null) Apply(fold, happened, events, transactions);
            }

            fold.Documents += await ReplaceAsync(names.Events, events, cancel) + await ReplaceAsync(
                names.Transactions, transactions, cancel);
            fold.Reached[shard] = read[^1].Position.Seq;
        }
    }

    private void Apply(
        Folded fold, ProjectedEvent happened, List<DocumentWrite> events, List<DocumentWrite> transactions)
    {
        try
        {
            var data = EventData.Parse(happened.Event.Data.Span);
            var after = Fold.Apply(fold.Document, happened.Event, data);
            var entry = Fold.Transaction(happened.Event, data);
            events.Add(ViewApplier.EventWrite(happened.Event, isJson: true));
            if (entry is not null) transactions.Add(ViewApplier.Write(entry));
            (fold.Document, fold.Events) = (after, fold.Events + 1);
        }
        // The fold is pure: whatever it throws is about this one event.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            if (projector.Dead.IsGivenUp(happened))
            {
                fold.HasPassedOver = true;
                fold.Document = Fold.Skip(fold.Document, fold.Key, happened.Event.Subject, happened.Event.Version);
            }
            else fold.Reason =
                $"{fault.Message} Give the event up with ./tideline dlq discard, or use a program that can fold it.";
        }
    }

    // These documents never change, so what is not as it was first written was written by somebody else.
    private async Task<int> ReplaceAsync(string collection, List<DocumentWrite> expected, CancellationToken cancel)
    {
        if (expected.Count == 0) return 0;
        var found = (await views.ReadAsync(collection, [.. expected.Select(write => write.Id)], cancel))
            .ToDictionary(document => document.Id, StringComparer.Ordinal);
        DocumentWrite[] wrong =
            [.. expected.Where(
                write => !found.TryGetValue(write.Id, out var stored) || !IsSame(stored, write.Json!.Value))];
        if (wrong.Length == 0) return 0;
        await views.RemoveAsync(collection, [.. wrong.Select(write => write.Id)], cancel);
        await views.WriteAsync(collection, wrong, cancel);
        foreach (var write in wrong) damaged.Forget(collection, write.Id);
        return wrong.Length;
    }

    /// <summary>
    /// Whether a stored document says what was written: an engine may order and escape it in its own way.
    /// </summary>
    internal static bool IsSame(Document stored, ReadOnlyMemory<byte> written)
    {
        if (stored.Damage is not null) return false;
        if (stored.Json.Span.SequenceEqual(written.Span)) return true;
        try
        {
            using var left = JsonDocument.Parse(stored.Json);
            using var right = JsonDocument.Parse(written);
            return JsonElement.DeepEquals(left.RootElement, right.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private sealed class Folded(Guid key)
    {
        public Guid Key => key;

        public Dictionary<int, long> Reached { get; } = [];

        public CustomerDocument? Document { get; set; }

        public long Events { get; set; }

        public int Documents { get; set; }

        public string? Reason { get; set; }

        /// <summary>An event that an operator gave up still cannot be folded.</summary>
        public bool HasPassedOver { get; set; }
    }
}
