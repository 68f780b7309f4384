namespace Tideline.Tools.Simulation.Faults;

/// <summary>How often and how long the simulated engines misbehave.</summary>
internal static class FaultRates
{
    public const int RefusedPerMille = 6;

    /// <summary>Refused calls to log and views that end as a cancellation.</summary>
    public const int CancelledPercent = 20;

    public const int UnknownPerMille = 6;

    public const int HangingPerMille = 1;

    public const int RepeatedPerMille = 20;

    public const int TornPerMille = 20;

    public const int SlowPerMille = 300;

    /// <summary>The longest delay of a slow call, µs.</summary>
    public const int SlowUs = 20_000;

    /// <summary>The longest delay of a call that hangs, ms.</summary>
    public const int HangMs = 6_000;

    /// <summary>The longest time until a call to an engine that is away fails, ms.</summary>
    public const int AwayMs = 1_000;
}
