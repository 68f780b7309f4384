using System.Text.Json;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// What building a document anew did: <paramref name="Events"/> folded, <paramref name="Documents"/> replaced, over all
/// collections. <paramref name="Reason"/> says why nothing of the document was written: an event cannot be
/// folded. Null when all is well.
/// </summary>
public sealed record RepairResult(string Key, long Events, int Documents, string? Reason);

/// <summary>
/// Builds the document of one key, and its rows, anew from the events of the ledger, whatever stands in their place,
/// while everything else goes on. The events are walked beside the projector; only the last of them, and the document
/// itself, are written while it pauses.
/// </summary>
public sealed class ViewRepair
{
    /// <summary>How an operator asks for it.</summary>
    public const string Command = "./tideline projections repair NAME KEY";

    private readonly Projector _projector;
    private readonly ProjectionDefinition _definition;
    private readonly GeneralLedger _ledger;
    private readonly IViewStore _views;
    private readonly DamagedDocuments _damaged;
    private readonly SourceHistory _sources;

    internal ViewRepair(Projector projector, ProjectionPlace place, DamagedDocuments damaged) =>
        (_projector, _definition, _ledger, _views, _damaged, _sources) =
            (projector, projector.Definition, place.Ledger, place.Views, damaged,
                new SourceHistory(place.Ledger.Epochs));

    /// <summary>How an operator asks for it, of one key.</summary>
    public static string CommandFor(ProjectionDefinition definition, string key) =>
        $"./tideline projections repair {definition.Name} {key}";

    /// <summary>Builds what belongs to a key anew.</summary>
    /// <exception cref="TidelineException">NotFound: neither ledger nor views know it. NotOwner: another process builds
    /// the _views.</exception>
    public async Task<RepairResult> RepairAsync(string key, CancellationToken cancel)
    {
        _projector.RequireBuilder();
        var (names, fold) = (_projector.Names, new Folded(key));
        foreach (var shard in await ShardsOfAsync(key, cancel))
            await FoldAsync(fold, names, shard, _projector.Watermark(shard), cancel);
        await _projector.Gate.WaitAsync(cancel);
        try
        {
            if (_projector.Names.Version != names.Version)
                throw new TidelineException(
                    ErrorCode.StorageUnavailable, "The views were switched to another version meanwhile. Try again.");
            // Something of the key may have come to another shard meanwhile.
            var shards = await ShardsOfAsync(key, cancel);
            foreach (var shard in shards) await FoldAsync(fold, names, shard, _projector.Watermark(shard), cancel);
            return await FinishAsync(fold, names, shards, cancel);
        }
        finally
        {
            _projector.Gate.Release();
        }
    }

    private Task<IReadOnlyList<int>> ShardsOfAsync(string key, CancellationToken cancel) =>
        _definition.ShardsOf?.Invoke(_ledger, key, cancel)
        ?? Task.FromResult<IReadOnlyList<int>>([.. Enumerable.Range(0, _ledger.Map.Shards)]);

    private async Task<RepairResult> FinishAsync(
        Folded fold, ViewNames names, IReadOnlyList<int> shards, CancellationToken cancel)
    {
        var key = fold.Key;
        if (fold.Reason is not null) return new RepairResult(key, fold.Events, fold.Documents, fold.Reason);
        if (_definition.Documents is { } documents)
        {
            if (await ReplaceAsync(fold, documents, names, shards, cancel) is { } reason)
                return new RepairResult(key, fold.Events, fold.Documents, reason);
            fold.Documents++;
        }
        else if (fold.Events == 0) throw Unknown(key);

        _projector.Applier.Forget(key);
        await _projector.Dead.ReleaseAsync(key, cancel);
        if (!fold.HasPassedOver) await _projector.Dead.HealAsync(healed => healed == key, cancel);
        return new RepairResult(key, fold.Events, fold.Documents, null);
    }

    // A document that has a revision is written over in one call: it is never gone, for readers or after a fault.
    private async Task<string?> ReplaceAsync(
        Folded fold, DocumentCollection documents, ViewNames names, IReadOnlyList<int> shards,
        CancellationToken cancel)
    {
        var stored = await _views.ReadAsync(names.Documents, [fold.Key], cancel) is [var found] ? found : null;
        if (fold.Document is null && stored is null) throw Unknown(fold.Key);
        // After the read: whoever takes over from here on changes the revision first.
        await _projector.FenceAsync(shards, cancel);
        var revision = stored is { Damage: null, Revision: > 0 } && fold.Document is not null ? stored.Revision : 0;
        var write = fold.Document is null ? null : documents.Write(fold.Key, fold.Document, revision);
        if (write?.Json?.Length > documents.LimitBytes) return _projector.Applier.TooLarge;
        if (stored is not null && revision == 0) await _views.RemoveAsync(names.Documents, [fold.Key], cancel);
        if (write is not null && !(await _views.WriteAsync(names.Documents, [write], cancel))[0])
            throw new TidelineException(
                ErrorCode.StorageUnavailable, "Another process wrote the document at the same moment. Try again.");
        _damaged.Forget(names.Documents, fold.Key);
        return null;
    }

    private TidelineException Unknown(string key) => new(
        ErrorCode.NotFound, $"Neither the ledger nor the views know {key} of {_definition.Name}.");

    private async Task FoldAsync(Folded fold, ViewNames names, int shard, long untilSeq, CancellationToken cancel)
    {
        while (fold.Reason is null && fold.Reached.GetValueOrDefault(shard) is var from && from < untilSeq)
        {
            var read = await _ledger.RawReader(shard)
                .GetEventsAsync(from, (int)Math.Min(Limits.EventBatch, untilSeq - from), cancel);
            if (read.Count == 0)
                throw new TidelineException(
                    ErrorCode.Corrupt, $"The ledger of shard {shard} ends at {from}; the views hold more.");
            var rows = _definition.Rows.Select(_ => new List<DocumentWrite>()).ToArray();
            foreach (var happened in read.Select(each => ProjectedEvent.From(each, _sources))
                .Where(each => ViewApplier.KeyOf(_definition, each) == fold.Key))
            {
                if (fold.Reason is null) Apply(fold, happened, rows);
            }

            for (var at = 0; at < rows.Length; at++)
                fold.Documents += await ReplaceAsync(names.Of(_definition.Rows[at].Name), rows[at], cancel);
            fold.Reached[shard] = read[^1].Position.Seq;
        }
    }

    private void Apply(Folded fold, ProjectedEvent happened, List<DocumentWrite>[] rows)
    {
        try
        {
            if (_definition.Documents?.Covers(fold.Document, happened.Event) == true) return;
            var after = ViewApplier.Apply(_definition, fold.Document, fold.Key, happened);
            for (var at = 0; at < rows.Length; at++)
            {
                if (_definition.Rows[at].Row(happened) is { } row) rows[at].Add(row);
            }

            (fold.Document, fold.Events) = (after, fold.Events + 1);
        }
        // The fold is pure: whatever it throws is about this one event.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            if (_projector.Dead.IsGivenUp(fold.Key, happened))
            {
                fold.HasPassedOver = true;
                fold.Document = _definition.Documents?.Skip(fold.Document, fold.Key, happened.Event);
            }
            else fold.Reason =
                $"{fault.Message} Give the event up with ./tideline dlq discard, or use a program that can fold it.";
        }
    }

    // These documents never change, so what is not as it was first written was written by somebody else.
    private async Task<int> ReplaceAsync(string collection, List<DocumentWrite> expected, CancellationToken cancel)
    {
        if (expected.Count == 0) return 0;
        var found = (await _views.ReadAsync(collection, [.. expected.Select(write => write.Id)], cancel))
            .ToDictionary(document => document.Id, StringComparer.Ordinal);
        DocumentWrite[] wrong =
            [.. expected.Where(
                write => !found.TryGetValue(write.Id, out var stored) || !IsSame(stored, write.Json!.Value))];
        if (wrong.Length == 0) return 0;
        await _views.RemoveAsync(collection, [.. wrong.Select(write => write.Id)], cancel);
        await _views.WriteAsync(collection, wrong, cancel);
        foreach (var write in wrong) _damaged.Forget(collection, write.Id);
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

    private sealed class Folded(string key)
    {
        public string Key => key;

        public Dictionary<int, long> Reached { get; } = [];

        public object? Document { get; set; }

        public long Events { get; set; }

        public int Documents { get; set; }

        public string? Reason { get; set; }

        /// <summary>An event that an operator gave up still cannot be folded.</summary>
        public bool HasPassedOver { get; set; }
    }
}
