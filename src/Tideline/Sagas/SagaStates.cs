using Tideline.Kernel;

namespace Tideline.Sagas;

/// <summary>Properties of saga states.</summary>
public static class SagaStates
{
    /// <summary>Whether steps are still to be executed or compensated; the saga may wait for an operator.</summary>
    public static bool IsUnfinished(this SagaState state) =>
        state is SagaState.Running or SagaState.Compensating or SagaState.Parked;

    /// <summary>The published word, as in <c>paid-out</c>.</summary>
    public static string Word(this SagaState state) => state switch
    {
        SagaState.Running => "running",
        SagaState.Completed => "completed",
        SagaState.Compensating => "compensating",
        SagaState.Compensated => "compensated",
        SagaState.Parked => "parked",
        SagaState.Suspended => "suspended",
        SagaState.PaidOut => "paid-out",
        SagaState.SetAside => "set-aside",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state of this version."),
    };

    /// <summary>The state of a published word.</summary>
    /// <exception cref="TidelineException">IncompatibleData: no state of this version.</exception>
    internal static SagaState Of(string word) => word switch
    {
        "running" => SagaState.Running,
        "completed" => SagaState.Completed,
        "compensating" => SagaState.Compensating,
        "compensated" => SagaState.Compensated,
        "parked" => SagaState.Parked,
        "suspended" => SagaState.Suspended,
        "paid-out" => SagaState.PaidOut,
        "set-aside" => SagaState.SetAside,
        _ => throw new TidelineException(
            ErrorCode.IncompatibleData, $"A saga is '{word}', a state that this program does not know."),
    };

    /// <summary>
    /// Whether nothing searches for sagas in this state. Nearly all sagas are completed. Compensated and paid-out sagas
    /// are few, and operators and checks search for them.
    /// </summary>
    internal static bool IsAtRest(this SagaState state) => state == SagaState.Completed;
}
