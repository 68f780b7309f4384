using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>Brings a version of the views that is not live forward, from the ledger's own events. Not for two threads at once.</summary>
internal sealed class ViewCatchUp(GeneralLedger ledger, IViewStore views, ViewNames names)
{
    private readonly ViewApplier _applier = new(views, names, new DocumentCache(Limits.ProjectionCacheDocuments));

    public ViewNames Names => names;

    /// <summary>Keys with an event that this version cannot fold: left as they were before it.</summary>
    public HashSet<Guid> DeadKeys { get; } = [];

    /// <summary>Called with every batch after it was written.</summary>
    public Func<IReadOnlyList<ProjectedEvent>, CancellationToken, Task>? Folded { get; set; }

    /// <summary>Folds the next batch of a shard, up to a position; answers the position reached.</summary>
    /// <exception cref="TidelineException">Corrupt: the ledger's events have a gap.</exception>
    public async Task<long> StepAsync(int shard, long untilSeq, CancellationToken cancel)
    {
        var from = await views.GetWatermarkAsync(names.Projection, shard, cancel);
        if (from.Seq >= untilSeq) return from.Seq;
        var read = await ledger.Reader(shard).GetEventsAsync(from.Seq, (int)Math.Min(Limits.EventBatch, untilSeq - from.Seq), cancel);
        var reached = from;
        var events = new ProjectedEvent[read.Count];
        for (var at = 0; at < events.Length; at++)
        {
            if (read[at].Position.Seq != reached.Seq + 1)
                throw new TidelineException(ErrorCode.Corrupt, $"The ledger of shard {shard} goes from {reached.Seq} to {read[at].Position.Seq}: an event was lost.");
            reached = new Watermark(read[at].Position.Seq, read[at].TimeUs);
            events[at] = ProjectedEvent.From(read[at]);
        }

        if (reached.Seq == from.Seq) throw new TidelineException(ErrorCode.Corrupt, $"The ledger of shard {shard} ends at {from.Seq}; the views hold more.");
        for (var attempt = 1; ; attempt++)
        {
            var batch = await _applier.FoldAsync(events, happened => DeadKeys.Contains(happened.Key), cancel);
            if (await _applier.WriteAsync(batch, [new WatermarkMove(names.Projection, shard, reached)], cancel))
            {
                // Only now: a second attempt must still fold what stands before the event that broke.
                foreach (var dead in batch.Dead) DeadKeys.Add(dead.Happened.Key);
                if (Folded is not null) await Folded(events, cancel);
                return reached.Seq;
            }

            if (attempt == Limits.ProjectionGuardRetries) throw new TidelineException(ErrorCode.StorageUnavailable, "Somebody else keeps writing the documents that are rebuilt.");
        }
    }
}
