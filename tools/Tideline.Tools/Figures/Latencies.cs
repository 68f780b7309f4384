using System.Diagnostics;

namespace Tideline.Tools.Figures;

/// <summary>
/// Durations as they were measured, for exact percentiles. One per worker; <see cref="Merge"/> joins them.
/// </summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = new(4_096);
    private bool _sorted;

    public int Count => _ticks.Count;

    public void Add(long startedAt) => AddTicks(Stopwatch.GetTimestamp() - startedAt);

    public void AddTicks(long ticks)
    {
        _sorted = false;
        _ticks.Add(ticks);
    }

    public static Latencies Merge(IEnumerable<Latencies> parts)
    {
        var all = new Latencies();
        foreach (var part in parts) all._ticks.AddRange(part._ticks);
        return all;
    }

    /// <summary>
    /// The smallest duration that at least <paramref name="share"/> of all did not exceed (nearest rank), in
    /// milliseconds; 0 when nothing was measured.
    /// </summary>
    public double Ms(double share)
    {
        if (_ticks.Count == 0) return 0;
        if (!_sorted) _ticks.Sort();
        _sorted = true;
        var rank = Math.Clamp((int)Math.Ceiling(share * _ticks.Count), 1, _ticks.Count);
        return _ticks[rank - 1] * 1_000.0 / Stopwatch.Frequency;
    }
}
