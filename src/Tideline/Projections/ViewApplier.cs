using System.Text.Json;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Folds batches of events into one version of the views. Written in this order: archive, transactions, customers,
/// watermarks; so a document whose clock covers an event proves that the event's other documents are there, and a crash
/// anywhere only repeats work. Not for two threads at once.
/// </summary>
internal sealed class ViewApplier(IViewStore views, ViewNames names, DocumentCache cache)
{
    private static readonly Dictionary<string, object?> NoIndexes = [];

    public ViewNames Names => names;

    /// <summary>
    /// Folds in memory. Events of a key that <paramref name="isBlocked"/>, whose document is damaged, or that cannot be
    /// folded, and those behind them, come back as dead.
    /// </summary>
    /// <param name="isGivenUp">Whether an operator gave an event up: one that cannot be folded is passed over
    /// then.</param>
    public async Task<FoldedBatch> FoldAsync(
        IReadOnlyList<ProjectedEvent> events, Func<ProjectedEvent, bool> isBlocked, CancellationToken cancel,
            IReadOnlyList<Guid>? alsoRead = null,
        Func<ProjectedEvent, bool>? isGivenUp = null)
    {
        var batch = new FoldedBatch();
        await ReadTouchedAsync(batch, alsoRead ?? [], events, cancel);
        HashSet<Guid>? broken = null;
        foreach (var happened in events)
        {
            var touched = batch.Customers[happened.Key];
            if (Fold.Covers(touched.After, happened.Event)) continue;
            var waits = broken?.Contains(happened.Key) == true || isBlocked(happened);
            var reason = waits ? "It waits behind an earlier event of its customer."
                : touched.Damage is { } damage
                    ? $"The document of its customer is damaged: {damage}. {ViewRepair.Command} rebuilds it."
                : TryFold(batch, touched, happened);
            if (reason is null) continue;
            if (!waits && touched.Damage is null && isGivenUp?.Invoke(happened) == true)
            {
                touched.After = Fold.Skip(touched.After, happened.Key, happened.Event.Subject, happened.Event.Version);
                Archive(batch, happened.Event);
                continue;
            }

            (broken ??= []).Add(happened.Key);
            batch.Dead.Add(new DeadEvent(happened, reason));
            Archive(batch, happened.Event);
        }

        return batch;
    }

    /// <summary>Writes a folded batch and moves the watermarks, unless a document of it was not written.</summary>
    public async Task<BatchOutcome> WriteAsync(
        FoldedBatch batch, IReadOnlyList<WatermarkMove> watermarks, CancellationToken cancel)
    {
        var changed = batch.Customers.Where(each => each.Value.IsChanged).ToArray();
        var customers = Array.ConvertAll(changed, each => Write(each.Value.After!, each.Value.Before.Revision));
        Guid[] tooLarge =
            [.. changed.Where((_, at) => customers[at].Json!.Value.Length > Limits.CustomerDocumentBytes)
            .Select(each => each.Key)];
        if (tooLarge.Length > 0) return new BatchOutcome([], tooLarge);
        var applied = await views.WriteBatchAsync(
            [
                new CollectionWrites(names.Events, batch.Events, MustApply: false),
                new CollectionWrites(names.Transactions, batch.Transactions, MustApply: false),
                new CollectionWrites(names.Customers, customers, MustApply: true),
            ],
            watermarks,
            cancel);
        var lost = new List<Guid>();
        for (var at = 0; at < changed.Length; at++)
        {
            if (applied[2][at])
            {
                cache.Put(changed[at].Key, new CachedDocument(changed[at].Value.After, customers[at].Revision));
            }
            else
            {
                cache.Remove(changed[at].Key);
                lost.Add(changed[at].Key);
            }
        }

        return new BatchOutcome(lost, []);
    }

    /// <summary>A guarded write of a customer document.</summary>
    public static DocumentWrite Write(CustomerDocument document, long revision) => new(
        document.CustomerId.ToString(),
        revision, revision + 1, JsonSerializer.SerializeToUtf8Bytes(document, ViewJson.Default.CustomerDocument),
        new Dictionary<string, object?>(2) { ["email"] = document.Email, ["oldestDay"] = document.OldestDay });

    /// <summary>Drops a document from the cache, so that the next fold reads it.</summary>
    public void Forget(Guid key) => cache.Remove(key);

    private async Task ReadTouchedAsync(
        FoldedBatch batch, IReadOnlyList<Guid> alsoRead, IReadOnlyList<ProjectedEvent> events, CancellationToken cancel)
    {
        var missing = new List<string>();
        foreach (var key in alsoRead) Touch(batch, key, missing);
        foreach (var happened in events) Touch(batch, happened.Key, missing);
        if (missing.Count == 0) return;
        foreach (var stored in await views.ReadAsync(names.Customers, missing, cancel))
        {
            var key = Guid.Parse(stored.Id);
            if (StoredView.Customer(stored, out var damage) is not { } document)
            {
                batch.Customers[key] = new FoldedBatch.Touched(default, damage);
                continue;
            }

            var found = new CachedDocument(document, stored.Revision);
            cache.Put(key, found);
            batch.Customers[key] = new FoldedBatch.Touched(found);
        }
    }

    private void Touch(FoldedBatch batch, Guid key, List<string> missing)
    {
        if (batch.Customers.ContainsKey(key)) return;
        if (!cache.TryGet(key, out var found)) missing.Add(key.ToString());
        batch.Customers[key] = new FoldedBatch.Touched(found);
    }

    private static string? TryFold(FoldedBatch batch, FoldedBatch.Touched touched, ProjectedEvent happened)
    {
        try
        {
            var data = EventData.Parse(happened.Event.Data.Span);
            if (data.CustomerId != happened.Key) throw new TidelineException(
                ErrorCode.Corrupt, $"The event at {happened.Event.Position} names another customer than its key.");
            var after = Fold.Apply(touched.After, happened.Event, data);
            var entry = Fold.Transaction(happened.Event, data);
            var archived = EventWrite(happened.Event, isJson: true);
            if (entry is not null) batch.Transactions.Add(Write(entry));
            batch.Events.Add(archived);
            touched.After = after;
            return null;
        }
        // The fold is pure: whatever it throws is about this one event, which goes to the dead letters with these
        // words.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return fault.Message;
        }
    }

    // An event so strange that its CloudEvents form cannot be written is dead, and its dead letter keeps it.
    private static void Archive(FoldedBatch batch, LedgerEvent happened)
    {
        try
        {
            batch.Events.Add(EventWrite(happened));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return;
        }
    }

    /// <summary>The archived form of an event, as it is inserted.</summary>
    public static DocumentWrite EventWrite(LedgerEvent happened, bool isJson = false)
    {
        var id = ArchivedEvent.IdOf(happened.Position);
        return new DocumentWrite(
            id, 0, 1, ArchivedEvent.ToJson(id, happened, isJson || IsJson(happened.Data.Span)), NoIndexes);
    }

    /// <summary>A transaction document, as it is inserted.</summary>
    public static DocumentWrite Write(TransactionDocument entry) => new(
        TransactionDocument.IdOf(entry.TransactionId, entry.AccountId),
        0, 1, JsonSerializer.SerializeToUtf8Bytes(entry, ViewJson.Default.TransactionDocument),
        new Dictionary<string, object?>(3)
        {
            ["customerId"] = entry.CustomerId.ToString(),
            ["bookedAtUs"] = entry.BookedAtUs, ["accountId"] = entry.AccountId.ToString()
        });

    private static bool IsJson(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            while (reader.Read())
            {
            }

            return data.Length > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
