using Tideline.Kernel;
using Tideline.Tools.Load;

namespace Tideline.Tools.Simulation.Faults;

/// <summary>Decides, from the seed, what goes wrong with each call of one process to an engine.</summary>
/// <param name="process">The process that calls; its clock measures the delays.</param>
/// <param name="random">The draws.</param>
/// <param name="kinds">What may go wrong.</param>
/// <param name="rate">How many times as often as else a call fails, or is done twice or in part.</param>
/// <param name="engine">The engine, as shown in messages.</param>
/// <param name="outages">Whether the engine is away.</param>
internal sealed class EngineFaults(
    SimulatedProcess process, SeededRandom random, FaultKinds kinds, int rate, string engine, Outages outages)
{
    /// <summary>The process that calls.</summary>
    public SimulatedProcess Process => process;

    /// <summary>Lets time pass before a call reaches the engine.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it did not reach it, and nothing was done.</exception>
    public ValueTask BeforeAsync(string call)
    {
        var isAway = outages.IsAway(engine) || outages.IsAway(Outages.NameOf(engine, process));
        // While its faults are healed, an engine answers at once.
        if (outages.IsHealed && !isAway) return ValueTask.CompletedTask;
        if (isAway || Is(FaultKinds.Refused, rate * FaultRates.RefusedPerMille))
            return RefuseAsync(call, isAway ? FaultRates.AwayMs : 1);
        return DelayAsync();
    }

    /// <summary>Lets time pass before the answer of a call that was done.</summary>
    public ValueTask AfterAsync() => outages.IsHealed ? ValueTask.CompletedTask : DelayAsync();

    /// <summary>Whether a call that was done is reported as failed.</summary>
    public bool IsAnswerLost() => !outages.IsHealed && Is(FaultKinds.Unknown, rate * FaultRates.UnknownPerMille);

    /// <summary>Whether a call is made twice.</summary>
    public bool IsRepeated() => !outages.IsHealed && Is(FaultKinds.Repeated, rate * FaultRates.RepeatedPerMille);

    /// <summary>Whether a batch is written in part.</summary>
    public bool IsTorn() => !outages.IsHealed && Is(FaultKinds.Torn, rate * FaultRates.TornPerMille);

    /// <summary>A number below a bound.</summary>
    public int Below(int bound) => random.Below(bound);

    /// <summary>The fault of a call whose answer is lost.</summary>
    public TidelineException Lost(string call, ErrorCode code = ErrorCode.StorageUnavailable) =>
        new(code, $"The answer of the {engine} to {call} was lost (simulated).");

    private async ValueTask RefuseAsync(string call, int mostMs)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(1 + random.Below(mostMs)), process.Time);
        // Some drivers give up by a cancellation of their own.
        if (engine is "log" or "views" && process.IsStarted && random.Below(100) < FaultRates.CancelledPercent)
            throw new OperationCanceledException($"The {engine} did not answer {call} in time (simulated).");
        throw new TidelineException(ErrorCode.StorageUnavailable, $"The {engine} refused {call} (simulated).");
    }

    private ValueTask DelayAsync()
    {
        if (Is(FaultKinds.Hanging, FaultRates.HangingPerMille))
            return WaitAsync(random.Below(FaultRates.HangMs) * 1_000);
        return Is(FaultKinds.Slow, FaultRates.SlowPerMille)
            ? WaitAsync(random.Below(FaultRates.SlowUs))
            : ValueTask.CompletedTask;
    }

    private async ValueTask WaitAsync(int us) => await Task.Delay(TimeSpan.FromMicroseconds(us), process.Time);

    // It draws whether or not the kind may happen, so that a run without one kind has the rest as before.
    private bool Is(FaultKinds kind, int perMille) => random.Below(1_000) < perMille & (kinds & kind) != 0;
}
