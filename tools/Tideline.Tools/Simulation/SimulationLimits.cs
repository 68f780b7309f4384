namespace Tideline.Tools.Simulation;

/// <summary>The limits of a simulated run.</summary>
internal static class SimulationLimits
{
    /// <summary>Steps of one run; a run that has more does not end by itself.</summary>
    public const long Steps = 1_500_000;

    /// <summary>Virtual hours of one run.</summary>
    public const int MostHours = 24 * 30;

    /// <summary>How near an expiry may be when the checks begin, µs.</summary>
    public const long NearUs = 60_000_000;

    /// <summary>The longest virtual time of one step, ticks of 100 ns.</summary>
    public const int StepTicks = 400;

    /// <summary>As <see cref="MostHours"/>, in ticks.</summary>
    public const long MostTicks = MostHours * TimeSpan.TicksPerHour;
}
