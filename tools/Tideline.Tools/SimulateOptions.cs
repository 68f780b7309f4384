using Tideline.Tools.Opponent;

namespace Tideline.Tools;

/// <summary>What to simulate, and what to print.</summary>
/// <param name="First">The first seed.</param>
/// <param name="Count">How many seeds, one run each.</param>
/// <param name="Operations">The operations of each run.</param>
/// <param name="Focus">Only seeds whose runs have this focus; null: all.</param>
/// <param name="IsHistoryPrinted">Whether the whole history of each run is printed.</param>
/// <param name="Shortens">Whether the first history that breaks a law is shortened.</param>
/// <param name="StopsAtFirst">Whether the first run that breaks a law is the last.</param>
internal sealed record SimulateOptions(
    ulong First, int Count, int Operations, RunFocus? Focus, bool IsHistoryPrinted, bool Shortens, bool StopsAtFirst)
{
    /// <summary>The most seeds of one command.</summary>
    public const int MostSeeds = 1_000_000;

    /// <summary>The operations of a run, if nothing else is asked for.</summary>
    public const int UsualOperations = 150;

    /// <summary>The arguments of one of several workers: worker n takes the seeds n, n + workers, …</summary>
    public IEnumerable<string> ArgumentsOf(int worker, int workers)
    {
        List<string> arguments =
        [
            "simulate", "--seed", $"{First + (ulong)worker}", "--seeds", $"{(Count - worker + workers - 1) / workers}",
            "--operations", $"{Operations}",
        ];
        if (Focus is { } focus) arguments.AddRange(["--focus", $"{focus}".ToLowerInvariant()]);
        if (IsHistoryPrinted) arguments.Add("--history");
        if (!Shortens) arguments.Add("--whole");
        if (StopsAtFirst) arguments.Add("--stop");
        return arguments;
    }
}
