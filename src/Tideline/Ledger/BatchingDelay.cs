namespace Tideline.Ledger;

/// <summary>
/// How long a writer lets commands collect for its next batch. Clients that were answered together send their next
/// commands together, shortly after the first of them: a batch taken at once would leave most of them to the next one.
/// Where COMMIT itself waits for a disk, waiting up to an eighth of its duration pays off. A lone client never waits.
/// </summary>
/// <param name="isWorthIt">Whether COMMIT waits; <see cref="IShardStore.WaitsAtCommit"/>.</param>
/// <param name="gate">The lock of the queue.</param>
/// <param name="waiting">The number of commands in the queue.</param>
/// <param name="isEnding">Whether no more commands will come.</param>
/// <param name="time">The clock.</param>
internal sealed class BatchingDelay(
    bool isWorthIt, object gate, Func<int> waiting, Func<bool> isEnding, TimeProvider time)
{
    private const int Share = 8;
    private int _commands;
    private double _allowedMs;

    /// <summary>Records the size and the duration of the last batch.</summary>
    public void Note(int commands, TimeSpan took) =>
        (_commands, _allowedMs) = (commands, Math.Min(LedgerLimits.GatherMs, took.TotalMilliseconds / Share));

    /// <summary>
    /// Waits until the queue is as long as the last batch was, or the time is over. The caller holds the gate, which is
    /// released between two checks.
    /// </summary>
    public void Wait()
    {
        if (!isWorthIt) return;
        var began = time.GetTimestamp();
        while (waiting() < _commands && !isEnding() && time.GetElapsedTime(began).TotalMilliseconds < _allowedMs)
            ShardThreads.Used.Wait(gate, 1);
    }
}
