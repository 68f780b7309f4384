namespace Tideline.Tools.Figures;

/// <summary>One measured value, with what it is compared to. A ratio is value ÷ baseline.</summary>
internal sealed record Figure(string Name, double Value, string Unit, Baseline? Baseline = null, Target? Target = null)
{
    /// <summary>Value ÷ baseline; null without a baseline.</summary>
    public double? Ratio => Baseline is { Value: > 0 } ? Value / Baseline.Value : null;

    /// <summary>Whether the target is met; null without a target.</summary>
    public bool? Met => Target?.IsMet(Target.OfRatio ? Ratio ?? double.NaN : Value);
}

/// <summary>What the same machine did in the same run by other means.</summary>
internal sealed record Baseline(string Name, double Value);

/// <summary>What is asked of a value, or of its ratio to the baseline.</summary>
internal sealed record Target(double Bound, bool AtLeast, bool OfRatio = false)
{
    public static Target Min(double bound) => new(bound, AtLeast: true);

    public static Target Max(double bound) => new(bound, AtLeast: false);

    public static Target MinRatio(double bound) => new(bound, AtLeast: true, OfRatio: true);

    public bool IsMet(double value) => AtLeast ? value >= Bound : value <= Bound;

    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{(AtLeast ? "≥" : "≤")} {Bound:#,0.##}{(OfRatio ? " ×" : "")}");
}
