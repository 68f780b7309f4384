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
}

/// <summary>
/// A saga instance on the shard that owns it. <paramref name="Data"/> and <paramref name="History"/> are UTF-8 JSON of the sagas part; the ledger
/// stores them with the effects of the step, in one transaction. <paramref name="WakeUs"/>: when the sweep looks at it again (retry or deadline); null when
/// nothing is due.
/// </summary>
public sealed record SagaRow(
    Guid Id, string Definition, int DefinitionVersion, SagaState State, int Step, int Attempts, long? WakeUs, byte[] Data, byte[] History, long CreatedUs, long UpdatedUs);
