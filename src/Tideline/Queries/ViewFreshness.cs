using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Queries;

/// <summary>
/// I10: checks whether the views are as fresh as a read requests. A read that the ledger can also answer waits briefly;
/// a read that only the views can answer waits longer, and then fails.
/// </summary>
internal sealed class ViewFreshness(Projector projector, GeneralLedger ledger, IViewStore views, TimeProvider time)
{
    /// <summary>The least that a document read from now on contains.</summary>
    public FreshnessProof Horizon()
    {
        // Take the time first: commits during the lag measurement are then not claimed.
        var nowUs = time.NowUs();
        var positions = Positions();
        var lagMs = projector.LagMs();
        return new FreshnessProof(double.IsFinite(lagMs) ? nowUs - (long)Math.Ceiling(lagMs * 1_000) : 0, positions);
    }

    /// <summary>Whether the views may answer; if not, the ledger must.</summary>
    /// <exception cref="TidelineException">InvalidInput: a token of a position that was never written.</exception>
    public async ValueTask<bool> IsReachedAsync(ReadConsistency consistency, CancellationToken cancel) =>
        consistency.Level switch
        {
            ConsistencyLevel.Eventual => true,
            ConsistencyLevel.Strong => false,
            ConsistencyLevel.Bounded => projector.LagMs() <= consistency.BoundMs,
            _ => await WaitAsync(await WrittenAsync(consistency.Positions, cancel), QueryLimits.SessionWaitMs, cancel)
                is null,
        };

    /// <summary>
    /// Completes when the views contain what the read must see; for strong, everything committed now.
    /// </summary>
    /// <param name="consistency">What the read must see.</param>
    /// <param name="requireNoneWaits">Fails if an event that the read must see is a dead letter. A switch of versions
    /// releases what it heals, so the version is looked at again after that.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>What answers: see <see cref="RequireStillAsync"/>.</returns>
    /// <exception cref="TidelineException">ViewBehind: they did not catch up in time. InvalidInput: a token of a
    /// position that was never written.</exception>
    public async Task<ViewStand> RequireAsync(
        ReadConsistency consistency, Func<Task> requireNoneWaits, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var names = projector.Names;
            if (consistency.Level == ConsistencyLevel.Eventual) return new ViewStand(names, []);
            await RequireReachedAsync(consistency, cancel);
            await requireNoneWaits();
            var stand = new ViewStand(names, Positions());
            if (projector.IsActive(names)) return stand;
            if (attempt == QueryLimits.SwitchRetries) throw Replaced();
        }
    }

    /// <summary>
    /// That the store still stands where a list was read from it: else it has lost what it held, and the list may lack
    /// what it must show.
    /// </summary>
    /// <exception cref="TidelineException">ViewBehind: it does not.</exception>
    public async Task RequireStillAsync(ViewStand stand, CancellationToken cancel)
    {
        var stored = await Task.WhenAll(stand.Positions.Select(
            (_, shard) => views.GetWatermarkAsync(stand.Names.Projection, shard, cancel).AsTask()));
        for (var shard = 0; shard < stored.Length; shard++)
            if (stored[shard].Seq < stand.Positions[shard]) throw Replaced();
    }

    private async Task RequireReachedAsync(ReadConsistency consistency, CancellationToken cancel)
    {
        if (consistency.Level == ConsistencyLevel.Bounded && projector.LagMs() <= consistency.BoundMs) return;
        var positions = consistency.Level == ConsistencyLevel.Session
            ? await WrittenAsync(consistency.Positions, cancel)
            : await CommittedAsync(cancel);
        if (await WaitAsync(positions, QueryLimits.ListWaitMs, cancel) is not { } missing) return;
        if (consistency.Level == ConsistencyLevel.Bounded && projector.LagMs() <= consistency.BoundMs) return;
        throw new TidelineException(
            ErrorCode.ViewBehind, $"The views have not reached {missing} yet, and only the views can answer this. "
                + $"Retry shortly, or use a level below '{consistency.Level.ToString().ToLowerInvariant()}'.");
    }

    private long[] Positions()
    {
        var positions = new long[ledger.Map.Shards];
        for (var shard = 0; shard < positions.Length; shard++) positions[shard] = projector.Watermark(shard);
        return positions;
    }

    private static TidelineException Replaced() => new(
        ErrorCode.ViewBehind, "The views have just been lost or replaced, and only the views can answer this. Retry "
            + "shortly, or use the level 'eventual'.");

    private async ValueTask<IReadOnlyList<Position>> CommittedAsync(CancellationToken cancel)
    {
        var shards = Enumerable.Range(0, ledger.Map.Shards).ToArray();
        await Task.WhenAll(shards.Select(shard => ledger.LookAsync(shard, cancel)));
        return [.. shards.Select(shard => new Position(shard, ledger.CommittedHead(shard).EventSeq))];
    }

    private async ValueTask<IReadOnlyList<Position>> WrittenAsync(
        IReadOnlyList<Position> positions, CancellationToken cancel)
    {
        foreach (var position in positions)
        {
            if (!await ledger.IsWrittenAsync(position, cancel))
                throw new TidelineException(
                    ErrorCode.InvalidInput,
                        $"The consistency token names {position}, which this installation never wrote.");
        }

        return positions;
    }

    // The first position that was not reached in time; null if all were.
    private async ValueTask<Position?> WaitAsync(
        IReadOnlyList<Position> positions, int waitMs, CancellationToken cancel)
    {
        var (wait, began) = (TimeSpan.FromMilliseconds(waitMs), time.GetTimestamp());
        foreach (var position in positions)
        {
            var left = wait - time.GetElapsedTime(began);
            if (!await projector.WaitForAsync(
                position.Shard, position.Seq, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancel)) return position;
        }

        return null;
    }
}

/// <summary>The version that answers a list, and where it stands at least, by shard; empty: anywhere.</summary>
internal sealed record ViewStand(ViewNames Names, long[] Positions);
