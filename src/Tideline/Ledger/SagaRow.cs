namespace Tideline.Ledger;

/// <summary>Written to disk: append only.</summary>
public enum SagaState
{
    /// <summary>Steps go forward.</summary>
    Running = 0,

    /// <summary>Every step that writes is done; what is left is the view's watermark.</summary>
    Completed = 1,

    /// <summary>A step was refused before the pivot; steps are being undone.</summary>
    Compensating = 2,

    /// <summary>All undone.</summary>
    Compensated = 3,

    /// <summary>Waits for an operator.</summary>
    Parked = 4,

    /// <summary>
    /// Ended, but its money could not be given back: it is on suspense until an operator pays it out.
    /// </summary>
    Suspended = 5,

    /// <summary>
    /// Its money has left suspense. A payout to another shard is a saga of its own, which the history names.
    /// </summary>
    PaidOut = 6,

    /// <summary>
    /// Not a saga, but a message about one that could not be handled: a dead letter. Handled or discarded, it is
    /// <see cref="Completed"/>.
    /// </summary>
    SetAside = 7,
}

/// <summary>
/// What a saga has of an account: an amount that may come back to it, or its part of what an account of the bank holds.
/// </summary>
public readonly record struct SagaClaim(Guid AccountId, long AmountMinor);

/// <summary>What states have in common.</summary>
public static class SagaStates
{
    /// <summary>Whether steps are still to be done or undone; the saga may wait for an operator.</summary>
    public static bool IsUnfinished(this SagaState state) =>
        state is SagaState.Running or SagaState.Compensating or SagaState.Parked;

    /// <summary>Whether nobody will look at it again but to read it.</summary>
    public static bool IsFinal(this SagaState state) => state is SagaState.Completed or SagaState.Compensated;

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
}

/// <summary>
/// A saga instance on the shard that owns it. <paramref name="Data"/> and <paramref name="History"/> are UTF-8 JSON of
/// the sagas part; the ledger stores them with the effects of the step, in one transaction. <paramref name="WakeUs"/>:
/// when it is due (retry or deadline); null when nothing is due.
/// </summary>
public sealed record SagaRow(
    Guid Id, string Definition, int DefinitionVersion,
    SagaState State, int Step, int Attempts, long? WakeUs, byte[] Data, byte[] History, long CreatedUs, long UpdatedUs);
