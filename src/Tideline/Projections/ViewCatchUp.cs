using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Brings a version of the views that is not live forward, from the ledger's own events. Not for two threads at once.
/// </summary>
internal sealed class ViewCatchUp(GeneralLedger ledger, IViewStore views, ViewNames names, DeadLetterQueue letters)
{
    private readonly SourceHistory _sources = new(ledger.Epochs);
    private readonly Dictionary<int, long> _reached = [];
    private readonly ViewApplier _applier = new(views, names, new DocumentCache(ProjectionLimits.CacheDocuments));

    public ViewNames Names => names;

    /// <summary>Keys with an event that this version cannot fold, and why: left as they were before it.</summary>
    public Dictionary<string, string> DeadKeys { get; } = new(StringComparer.Ordinal);

    /// <summary>Keys with an event that this version cannot fold and an operator gave up: it was passed over.</summary>
    public HashSet<string> PassedOver { get; } = new(StringComparer.Ordinal);

    /// <summary>Called with every batch after it was written, and with the keys whose documents it made.</summary>
    public Func<IReadOnlyList<ProjectedEvent>, IReadOnlyList<string>, CancellationToken, Task>? Folded { get; set; }

    /// <summary>Folds the next batch of a shard, up to a position; answers the position reached.</summary>
    /// <exception cref="TidelineException">Corrupt: the ledger's events have a gap. NotFound: the store lost what was
    /// built.</exception>
    public async Task<long> StepAsync(int shard, long untilSeq, CancellationToken cancel)
    {
        var from = await views.GetWatermarkAsync(names.Projection, shard, cancel);
        // What was folded before is remembered as written, and would be missing from the version.
        new WatermarkMove(names.Projection, shard, from, From: _reached.GetValueOrDefault(shard)).RequireKept(from.Seq);
        if (from.Seq >= untilSeq) return from.Seq;
        var read = await ledger.RawReader(shard)
            .GetEventsAsync(from.Seq, (int)Math.Min(Limits.EventBatch, untilSeq - from.Seq), cancel);
        var reached = from;
        var events = new ProjectedEvent[read.Count];
        for (var at = 0; at < events.Length; at++)
        {
            if (read[at].Position.Seq != reached.Seq + 1)
                throw new TidelineException(ErrorCode.Corrupt, $"The ledger of shard {shard} goes from {reached.Seq} "
                    + $"to {read[at].Position.Seq}: an event was lost.");
            reached = new Watermark(read[at].Position.Seq, read[at].TimeUs);
            events[at] = ProjectedEvent.From(read[at], _sources);
        }

        if (reached.Seq == from.Seq) throw new TidelineException(
            ErrorCode.Corrupt, $"The ledger of shard {shard} ends at {from.Seq}; the views hold more.");
        for (var attempt = 1; ; attempt++)
        {
            var batch =
                await _applier.FoldAsync(
                    events, (key, _) => DeadKeys.ContainsKey(key), cancel,
                    isGivenUp: (key, happened) => letters.IsGivenUp(key, happened) && (PassedOver.Add(key) || true));
            var outcome =
                await _applier.WriteAsync(
                    batch, [new WatermarkMove(names.Projection, shard, reached, ViewEpoch.Any, from.Seq)], cancel);
            if (outcome.IsDone)
            {
                // Only now: a second attempt must still fold what stands before the event that broke.
                foreach (var dead in batch.Dead) DeadKeys.TryAdd(dead.Key, dead.Reason);
                if (Folded is not null) await Folded(events, NewKeys(batch), cancel);
                return _reached[shard] = reached.Seq;
            }

            foreach (var key in outcome.TooLarge)
                DeadKeys.TryAdd(key, _applier.TooLarge);
            if (attempt < ViewLimits.ProjectionGuardRetries) continue;
            foreach (var key in outcome.Lost) DeadKeys.TryAdd(key, "Another program keeps writing the document.");
        }
    }

    private static IReadOnlyList<string> NewKeys(FoldedBatch batch) =>
        [.. batch.Documents.Where(each => each.Value.IsChanged && each.Value.Before.Document is null)
            .Select(each => each.Key)];
}
