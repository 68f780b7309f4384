using Tideline.Tools.Figures;

namespace Tideline.Tools.Drills.Failover;

/// <summary>How long clients were left without an answer, run by run.</summary>
internal sealed class Recoveries(IEnumerable<double> ms)
{
    /// <summary>What a recovery may take, milliseconds.</summary>
    public const double MostMs = 4_000;

    private readonly double[] _ms = [.. ms.Order()];

    public IEnumerable<Figure> Figures => [new("runs", _ms.Length, "runs"), new(
        "recovery p50", _ms[_ms.Length / 2], "ms"), new("recovery max", _ms[^1], "ms", Target: Target.Max(MostMs))];

    public Check Check => new("recovery under 4 s in every run", _ms[^1] < MostMs, $"at most {_ms[^1]:0} ms");
}
