using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>
/// Begins an installation epoch on every shard of a store that no process uses: from the heads as they stand now. One
/// that a crash interrupted is finished by the next call.
/// </summary>
public static class EpochBeginning
{
    /// <summary>Begins it, or finishes what was begun.</summary>
    /// <param name="store">The store.</param>
    /// <param name="reason">Why, in an operator's words.</param>
    /// <param name="now">The time.</param>
    /// <param name="above">An epoch that was seen elsewhere: the new one is later, whatever the clock says.</param>
    /// <param name="cancel">Ends it between two shards.</param>
    /// <returns>The epoch.</returns>
    /// <exception cref="TidelineException">
    /// AlreadyOwned: a process owns a shard. ClockWrong: the clock is behind what the ledger holds. InvalidInput: no
    /// reason, or too long a one. Corrupt: a shard was lost.
    /// </exception>
    public static async Task<long> RunAsync(
        ILedgerStore store, string reason, DateTimeOffset now, long above, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > Limits.EpochReasonCharacters)
            throw new TidelineException(
                ErrorCode.InvalidInput, $"The reason must have 1 to {Limits.EpochReasonCharacters} characters.");
        if (await HistoryGuard.FindLostShardAsync(store, cancel) is { } lost)
            throw new TidelineException(ErrorCode.Corrupt, lost);
        long[] numbers = [.. Enumerable.Range(0, store.Map.Shards).Select(shard => store.Epochs(shard)[^1].Number)];
        var next = numbers.Min() == numbers.Max()
            ? Math.Max(Math.Max(numbers.Max(), above) + 1, now.ToUs())
            : numbers.Max();
        // Those without events first, so that an empty shard that is behind others with events can only be a lost one.
        var isEmpty = new bool[numbers.Length];
        for (var shard = 0; shard < numbers.Length; shard++)
            isEmpty[shard] = await HistoryGuard.IsEmptyAsync(store, shard, cancel);
        foreach (var shard in Enumerable.Range(0, numbers.Length).OrderBy(shard => !isEmpty[shard]))
        {
            if (numbers[shard] == next) continue;
            // Owned while it is written, so that nobody commits beside it.
            await using var writer = store.OpenWriter(shard);
            var head = await writer.AcquireAsync(cancel);
            // The number is told from those of other lives by the time.
            if (ClockRules.Behind(shard, head.TimeUs, now.ToUs()) is { } behind)
                throw new TidelineException(ErrorCode.ClockWrong, behind);
            await writer.SyncAsync();
            var epoch = new EpochRow(
                next, store.Epochs(shard)[^1].Installation,
                head.EventSeq, head.MessageSeq, head.BlockNumber, now.ToUs(), reason.Trim());
            await store.BeginEpochAsync(shard, epoch, cancel);
        }

        return next;
    }
}
