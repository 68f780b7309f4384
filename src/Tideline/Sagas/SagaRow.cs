using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>The state of a saga. Its words (<see cref="SagaStates.Word"/>) are written to disk: append only.</summary>
public enum SagaState
{
    /// <summary>Steps are executed in order.</summary>
    Running = 0,

    /// <summary>Every writing step is done; only the view's watermark remains.</summary>
    Completed = 1,

    /// <summary>A step was refused before the pivot; finished steps are being compensated.</summary>
    Compensating = 2,

    /// <summary>All finished steps are compensated.</summary>
    Compensated = 3,

    /// <summary>It waits for an operator.</summary>
    Parked = 4,

    /// <summary>Ended, but its money could not be returned: it is on suspense until an operator pays it out.</summary>
    Suspended = 5,

    /// <summary>
    /// Its money has left suspense. A payout to another shard is a separate saga, which the history names.
    /// </summary>
    PaidOut = 6,

    /// <summary>
    /// Not a saga, but a saga message that could not be handled: a dead letter. Once handled or discarded, it is
    /// <see cref="Completed"/>.
    /// </summary>
    SetAside = 7,
}

/// <summary>
/// A saga instance on the shard that owns it. <paramref name="Data"/> and <paramref name="History"/> are UTF-8 JSON.
/// <paramref name="WakeUs"/>: when its retry or deadline is due; null if neither is set. It is stored as an
/// <see cref="AggregateRow"/>: see <see cref="SagaCodec"/>.
/// </summary>
public sealed record SagaRow(
    Guid Id, string Definition, int DefinitionVersion,
    SagaState State, int Step, int Attempts, long? WakeUs, byte[] Data, byte[] History, long CreatedUs, long UpdatedUs);
