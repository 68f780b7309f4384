using Tideline.Kernel;
using Tideline.Tools.Figures;

namespace Tideline.Tools.Drills;

/// <summary>Which kills happened where, and how long the program took to answer after each.</summary>
internal sealed class KillLog
{
    private const string Moment = "random moment";
    private readonly Dictionary<string, int> _reached = new(StringComparer.Ordinal);
    private readonly List<string> _missed = [];

    public Latencies Recoveries { get; } = new();

    public int Count { get; private set; }

    public void Add(Kill kill, bool reached)
    {
        Count++;
        if (!reached)
        {
            // It was killed from outside instead.
            _missed.Add(kill.CrashAt!);
            _reached[Moment] = _reached.GetValueOrDefault(Moment) + 1;
            return;
        }

        var where = kill.Point ?? Moment;
        _reached[where] = _reached.GetValueOrDefault(where) + 1;
    }

    public IEnumerable<Figure> PerPoint() =>
        CrashPoint.Names.Append(Moment)
            .Where(_reached.ContainsKey).Select(where => new Figure($"kills at {where}", _reached[where], "kills"));

    /// <summary>With enough kills, every named point must have been one.</summary>
    public Check Coverage(int asked)
    {
        var missing = CrashPoint.Names.Where(name => !_reached.ContainsKey(name)).ToArray();
        var inVain = _missed.Count > 0 ? $"; armed in vain: {string.Join(", ", _missed)}" : "";
        var expected = asked >= CrashPoint.Names.Count;
        return new Check(
            "every named crash point was visited", !expected || missing.Length == 0,
            missing.Length == 0
                ? $"{CrashPoint.Names.Count} points"
                : $"{missing.Length} not visited: {string.Join(", ", missing)}{inVain}");
    }
}
