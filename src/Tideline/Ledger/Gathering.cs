using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// How long a writer lets commands gather for its next batch. Clients that were answered together ask again together, a moment after the first of them: a batch that is taken at once
/// leaves most of them to the next one. Where COMMIT itself waits for a disk, that moment is worth an eighth of it. Nobody waits who is alone.
/// </summary>
/// <param name="isWorthIt">Whether COMMIT waits; <see cref="IShardStore.WaitsAtCommit"/>.</param>
internal sealed class Gathering(bool isWorthIt, TimeProvider time)
{
    private const int Share = 8;
    private int _commands;
    private double _allowedMs;

    /// <summary>What the last batch was like.</summary>
    public void Note(int commands, TimeSpan took) => (_commands, _allowedMs) = (commands, Math.Min(Limits.GatherMs, took.TotalMilliseconds / Share));

    /// <summary>Waits, holding the gate between looks only, until as many wait as were in the last batch, or the time is over.</summary>
    public void Wait(object gate, Func<int> waiting, Func<bool> isEnding)
    {
        if (!isWorthIt) return;
        var began = time.GetTimestamp();
        while (waiting() < _commands && !isEnding() && time.GetElapsedTime(began).TotalMilliseconds < _allowedMs) Monitor.Wait(gate, 1);
    }
}
