using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>Its words (<see cref="SagaStates.Word"/>) are written to disk: append only.</summary>
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
/// A saga instance on the shard that owns it. <paramref name="Data"/> and <paramref name="History"/> are UTF-8 JSON.
/// <paramref name="WakeUs"/>: when it is due (retry or deadline); null when nothing is due. It is stored as an
/// <see cref="AggregateRow"/>: see <see cref="SagaCodec"/>.
/// </summary>
public sealed record SagaRow(
    Guid Id, string Definition, int DefinitionVersion,
    SagaState State, int Step, int Attempts, long? WakeUs, byte[] Data, byte[] History, long CreatedUs, long UpdatedUs);
