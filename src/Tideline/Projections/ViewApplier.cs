using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Folds batches of events into one version of a projection. Written in this order: rows, documents, watermarks; so a
/// document whose clock covers an event proves that the event's rows are there, and a crash anywhere only repeats work.
/// Not for two threads at once.
/// </summary>
internal sealed class ViewApplier(IViewStore views, ViewNames names, DocumentCache cache)
{
    private readonly ProjectionDefinition _definition = names.Definition;
    private readonly DocumentCollection? _documents = names.Definition.Documents;

    public ViewNames Names => names;

    /// <summary>Why a document that is too large is not written.</summary>
    public string TooLarge => $"The document would have more than {_documents?.LimitBytes} bytes.";

    /// <summary>
    /// Folds in memory. Events of a key that <paramref name="isBlocked"/>, whose document is damaged, or that cannot be
    /// folded, and those behind them, come back as dead.
    /// </summary>
    /// <param name="isGivenUp">Whether an operator gave an event up: one that cannot be folded is passed over
    /// then.</param>
    public async Task<FoldedBatch> FoldAsync(
        IReadOnlyList<ProjectedEvent> events, Func<string, ProjectedEvent, bool> isBlocked, CancellationToken cancel,
        IReadOnlyList<string>? alsoRead = null, Func<string, ProjectedEvent, bool>? isGivenUp = null)
    {
        var batch = new FoldedBatch(_definition);
        var keys = new string?[events.Count];
        for (var at = 0; at < keys.Length; at++) keys[at] = KeyOf(_definition, events[at]);
        await ReadTouchedAsync(batch, (alsoRead ?? []).Concat(keys), cancel);
        HashSet<string>? broken = null;
        for (var at = 0; at < keys.Length; at++)
        {
            if (keys[at] is not { } key) continue;
            var (happened, touched) = (events[at], batch.Documents.GetValueOrDefault(key));
            if (_documents?.Covers(touched!.After, happened.Event) == true) continue;
            var waits = broken?.Contains(key) == true || isBlocked(key, happened);
            var reason = waits ? "It waits behind an earlier event of its document."
                : touched?.Damage is { } damage
                    ? $"Its document is damaged: {damage}. {ViewRepair.CommandFor(_definition, key)} rebuilds it."
                : TryFold(batch, touched, key, happened);
            if (reason is null) continue;
            if (!waits && touched?.Damage is null && isGivenUp?.Invoke(key, happened) == true)
            {
                if (touched is not null) touched.After = _documents!.Skip(touched.After, key, happened.Event);
                continue;
            }

            (broken ??= new(StringComparer.Ordinal)).Add(key);
            batch.Dead.Add(new DeadEvent(happened, key, reason));
        }

        return batch;
    }

    /// <summary>Writes a folded batch and moves the watermarks, unless a document of it was not written.</summary>
    public async Task<BatchOutcome> WriteAsync(
        FoldedBatch batch, IReadOnlyList<WatermarkMove> watermarks, CancellationToken cancel)
    {
        var changed = batch.Documents.Where(each => each.Value.IsChanged).ToArray();
        var writes = Array.ConvertAll(
            changed, each => _documents!.Write(each.Key, each.Value.After!, each.Value.Before.Revision));
        string[] tooLarge =
            [.. writes.Where(write => write.Json!.Value.Length > _documents!.LimitBytes).Select(write => write.Id)];
        if (tooLarge.Length > 0) return new BatchOutcome([], tooLarge);
        var groups = new List<CollectionWrites>(batch.Rows.Length + 1);
        for (var at = 0; at < batch.Rows.Length; at++)
            groups.Add(new CollectionWrites(names.Of(_definition.Rows[at].Name), batch.Rows[at], MustApply: false));
        if (_documents is not null) groups.Add(new CollectionWrites(names.Documents, writes, MustApply: true));
        var applied = await views.WriteBatchAsync(groups, watermarks, cancel);
        var lost = new List<string>();
        for (var at = 0; at < changed.Length; at++)
        {
            var (key, touched) = changed[at];
            if (applied[^1][at])
            {
                cache.Put(key, new CachedDocument(touched.After, writes[at].Revision));
            }
            else
            {
                cache.Remove(key);
                lost.Add(key);
            }
        }

        return new BatchOutcome(lost, []);
    }

    /// <summary>Drops a document from the cache, so that the next fold reads it.</summary>
    public void Forget(string key) => cache.Remove(key);

    /// <summary>
    /// Whose document an event changes; null when none. An event about which the projection cannot say that waits under
    /// its owner.
    /// </summary>
    public static string? KeyOf(ProjectionDefinition definition, ProjectedEvent happened)
    {
        if (!definition.IsTaken(happened)) return null;
        try
        {
            return definition.Key(happened);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return happened.Owner.ToString();
        }
    }

    private async Task ReadTouchedAsync(FoldedBatch batch, IEnumerable<string?> keys, CancellationToken cancel)
    {
        if (_documents is null) return;
        var missing = new List<string>();
        foreach (var key in keys)
        {
            if (key is null || batch.Documents.ContainsKey(key)) continue;
            if (!cache.TryGet(key, out var found)) missing.Add(key);
            batch.Documents[key] = new FoldedBatch.Touched(found);
        }

        if (missing.Count == 0) return;
        foreach (var stored in await views.ReadAsync(names.Documents, missing, cancel))
        {
            if (_documents.Read(stored, out var damage) is not { } document)
            {
                batch.Documents[stored.Id] = new FoldedBatch.Touched(default, damage);
                continue;
            }

            var found = new CachedDocument(document, stored.Revision);
            cache.Put(stored.Id, found);
            batch.Documents[stored.Id] = new FoldedBatch.Touched(found);
        }
    }

    private string? TryFold(FoldedBatch batch, FoldedBatch.Touched? touched, string key, ProjectedEvent happened)
    {
        try
        {
            var after = Apply(_definition, touched?.After, key, happened);
            var rows = Array.ConvertAll([.. _definition.Rows], collection => collection.Row(happened));
            for (var at = 0; at < rows.Length; at++)
            {
                if (rows[at] is { } row) batch.Rows[at].Add(row);
            }

            if (touched is not null) touched.After = after;
            return null;
        }
        // The fold is pure: whatever it throws is about this one event, which goes to the dead letters with these
        // words.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return fault.Message;
        }
    }

    /// <summary>
    /// The document (null: none yet) of a key after an event; null where the projection only adds rows.
    /// </summary>
    /// <exception cref="TidelineException">Corrupt, or whatever the fold throws: the event cannot be
    /// folded.</exception>
    public static object? Apply(ProjectionDefinition definition, object? document, string key, ProjectedEvent happened)
    {
        if (definition.Documents is not { } documents) return null;
        if (happened.Data is not { } data)
            throw new TidelineException(ErrorCode.Corrupt, $"The data cannot be read: {happened.Fault}");
        if (definition.Key(happened) != key)
            throw new TidelineException(
                ErrorCode.Corrupt, $"The event at {happened.Event.Position} belongs to another document.");
        if (!happened.IsKnown)
            throw new TidelineException(
                ErrorCode.Corrupt, $"{happened.Event.Type} at {happened.Event.Position} is a type that no projection "
                    + "knows.");
        return documents.Apply(document, happened.Event, data);
    }
}
