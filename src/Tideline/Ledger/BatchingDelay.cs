using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// How long a writer lets commands gather for its next batch. Clients that were answered together ask again together, a
/// moment after the first of them: a batch that is taken at once leaves most of them to the next one. Where COMMIT
/// itself waits for a disk, that moment is worth an eighth of it. Nobody waits who is alone.
/// </summary>
/// <param name="isWorthIt">Whether COMMIT waits; <see cref="IShardStore.WaitsAtCommit"/>.</param>
/// <param name="gate">The lock of the queue.</param>
/// <param name="waiting">How many are in the queue.</param>
/// <param name="isEnding">Whether nobody comes any more.</param>
/// <param name="time">The clock.</param>
internal sealed class BatchingDelay(
    bool isWorthIt, object gate, Func<int> waiting, Func<bool> isEnding, TimeProvider time)
{
    private const int Share = 8;
    private int _commands;
    private double _allowedMs;

    /// <summary>What the last batch was like.</summary>
    public void Note(int commands, TimeSpan took) =>
        (_commands, _allowedMs) = (commands, Math.Min(Limits.GatherMs, took.TotalMilliseconds / Share));

    /// <summary>
    /// Waits until as many are in the queue as were in the last batch, or the time is over. The caller holds the gate;
    /// it is let go between two looks.
    /// </summary>
    public void Wait()
    {
        if (!isWorthIt) return;
        var began = time.GetTimestamp();
        while (waiting() < _commands && !isEnding() && time.GetElapsedTime(began).TotalMilliseconds < _allowedMs)
            Monitor.Wait(gate, 1);
    }
}
