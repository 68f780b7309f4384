using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>
/// Begins an installation epoch on every shard of a store that no process uses, from the present heads. If a crash
/// interrupts it, the next call finishes it.
/// </summary>
public static class EpochBeginning
{
    /// <summary>Begins the epoch, or finishes one that was interrupted.</summary>
    /// <param name="store">The store.</param>
    /// <param name="reason">Why, in an operator's words.</param>
    /// <param name="now">The time.</param>
    /// <param name="above">An epoch seen elsewhere: the new one is higher, whatever the clock says.</param>
    /// <param name="cancel">Ends it between two shards.</param>
    /// <returns>The epoch.</returns>
    /// <exception cref="TidelineException">
    /// AlreadyOwned: a process owns a shard. ClockWrong: the clock is behind the ledger. InvalidInput: the reason is
    /// missing or too long. Corrupt: a shard was lost.
    /// </exception>
    public static async Task<long> RunAsync(
        ILedgerStore store, string reason, DateTimeOffset now, long above, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > LedgerLimits.EpochReasonCharacters)
            throw new TidelineException(
                ErrorCode.InvalidInput, $"The reason must have 1 to {LedgerLimits.EpochReasonCharacters} characters.");
        if (await HistoryGuard.FindLostShardAsync(store, cancel) is { } lost)
            throw new TidelineException(ErrorCode.Corrupt, lost);
        long[] numbers = [.. Enumerable.Range(0, store.Map.Shards).Select(shard => store.Epochs(shard)[^1].Number)];
        var next = numbers.Min() == numbers.Max()
            ? Math.Max(Math.Max(numbers.Max(), above) + 1, now.ToUs())
            : numbers.Max();
        // Shards without events come first: after that, an empty shard in an earlier epoch than shards with events can
        // only be a lost one.
        var isEmpty = new bool[numbers.Length];
        for (var shard = 0; shard < numbers.Length; shard++)
            isEmpty[shard] = await HistoryGuard.IsEmptyAsync(store, shard, cancel);
        foreach (var shard in Enumerable.Range(0, numbers.Length).OrderBy(shard => !isEmpty[shard]))
        {
            if (numbers[shard] == next) continue;
            // Own the shard while the epoch is written, so that no other process commits to it.
            await using var writer = store.OpenWriter(shard);
            var head = await writer.AcquireAsync(cancel);
            // The epoch number is a time, which distinguishes it from epochs of other restored copies.
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
