using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Applies a batch of events to the active version, with its watermarks: folds it anew where a guard was lost, and
/// notes, before a watermark passes them, the events and documents that cannot follow.
/// </summary>
internal sealed class BatchApplier(IViewStore views, DeadLetterQueue dead)
{
    /// <summary>Applies a batch wholly.</summary>
    /// <exception cref="TidelineException">NotOwner: a later epoch moved a watermark. NotFound: the store lost a
    /// collection, or where a watermark stood.</exception>
    public async Task ApplyAsync(
        ViewApplier applier, IReadOnlyList<ProjectedEvent> events, IReadOnlyList<WatermarkMove> moves,
        CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var batch = await applier.FoldAsync(events, dead.IsBlocked, cancel);
            if (batch.Dead.Count > 0)
            {
                await RequireKeptAsync(moves, cancel);
                await dead.AppendAsync(batch.Dead, cancel);
            }

            CrashPoint.Pass("projection.write.before");
            var outcome = await applier.WriteAsync(batch, moves, cancel);
            CrashPoint.Pass("projection.write.after");
            if (outcome.IsDone) return;
            if (outcome.TooLarge.Count == 0 && attempt < ViewLimits.ProjectionGuardRetries) continue;
            await RequireKeptAsync(moves, cancel);
            await (outcome.TooLarge.Count > 0 ? HoldAsync(applier, outcome.TooLarge, applier.TooLarge, cancel)
                : HoldAsync(applier, outcome.Lost, "Another program keeps writing the document.", cancel));
        }
    }

    // Nothing can be folded into views that were lost, and their events are not dead.
    private async Task RequireKeptAsync(IReadOnlyList<WatermarkMove> moves, CancellationToken cancel)
    {
        foreach (var move in moves)
            move.RequireKept((await views.GetWatermarkAsync(move.Projection, move.Shard, cancel)).Seq);
    }

    private Task HoldAsync(
        ViewApplier applier, IReadOnlyList<string> keys, string reason, CancellationToken cancel)
    {
        foreach (var key in keys) applier.Forget(key);
        return dead.HoldAsync(keys.ToDictionary(key => key, _ => reason), cancel);
    }
}
