using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>
/// Begins an installation epoch on every shard of a store that no process uses: from the heads as they stand now. One
/// that a crash interrupted is finished by the next call.
/// </summary>
public static class EpochBeginning
{
    /// <summary>Begins it, or finishes what was begun.</summary>
    /// <returns>The epoch.</returns>
    /// <exception cref="TidelineException">
    /// AlreadyOwned: a process owns a shard. InvalidInput: no reason, or too long a one. Corrupt: a shard was lost.
    /// </exception>
    public static async Task<long> RunAsync(
        ILedgerStore store, string reason, DateTimeOffset now, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > Limits.EpochReasonCharacters)
            throw new TidelineException(
                ErrorCode.InvalidInput, $"A reason has 1 to {Limits.EpochReasonCharacters} characters.");
        if (await HistoryGuard.FindLostShardAsync(store, cancel) is { } lost)
            throw new TidelineException(ErrorCode.Corrupt, lost);
        long[] numbers = [.. Enumerable.Range(0, store.Map.Shards).Select(shard => store.Epochs(shard)[^1].Number)];
        var next = numbers.Min() == numbers.Max() ? Math.Max(numbers.Max() + 1, now.ToUs()) : numbers.Max();
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
            await writer.SyncAsync();
            var epoch = new EpochRow(
                next, store.Epochs(shard)[^1].Installation,
                head.EventSeq, head.MessageSeq, head.BlockNumber, now.ToUs(), reason.Trim());
            await store.BeginEpochAsync(shard, epoch, cancel);
        }

        return next;
    }
}
