using System.Globalization;
using Tideline.Kernel;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>
/// How the program is killed once: at the <paramref name="Count"/>-th pass of a named point, or (null) after some
/// milliseconds of load.
/// </summary>
internal sealed record Kill(string? Point, int Count, int AfterMs)
{
    /// <summary>What the program is told in <c>TIDELINE_CRASH_AT</c>; null for a kill from outside.</summary>
    public string? CrashAt => Point is null ? null : string.Create(CultureInfo.InvariantCulture, $"{Point}:{Count}");

    /// <summary>
    /// A plan of <paramref name="kills"/>, drawn from a seed: every named point once when there are enough, in a random
    /// order among kills at random moments; fewer kills than points visit some points.
    /// </summary>
    public static IReadOnlyList<Kill> Plan(int kills, SeededRandom random)
    {
        var points = CrashPoint.Names.OrderBy(_ => random.Next()).Take(kills).Select(name => At(name, random));
        var moments = Enumerable.Range(0, Math.Max(0, kills - CrashPoint.Names.Count))
            .Select(_ => new Kill(null, 0, 150 + random.Below(1_200)));
        return [.. points.Concat(moments).ToArray().OrderBy(_ => random.Next())];
    }

    // Compensations are rare; everything else is passed many times a second.
    private static Kill At(string name, SeededRandom random) =>
        new(name, 1 + random.Below(name.StartsWith("saga.compensate", StringComparison.Ordinal) ? 3 : 40), 0);
}
