using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>The parts of a transaction other than its legs: see <see cref="Batch.Record"/>.</summary>
internal readonly record struct Posting(Guid Id, TransactionKind Kind)
{
    /// <summary>The client's reference text.</summary>
    public string? Reference { get; init; }

    public Guid? SagaId { get; init; }

    /// <summary>The hold that it captures, in whole or in part.</summary>
    public Guid? HoldId { get; init; }

    /// <summary>Value date, code, parties and similar; null if it has none of them.</summary>
    public TransactionDetails? Details { get; init; }

    /// <summary>Whether money returns to its owner: then frozen accounts accept it too.</summary>
    public bool EvenFrozen { get; init; }

    /// <summary>The type of the event about one of its legs.</summary>
    public EventType EventOf(long amountMinor) => Kind switch
    {
        TransactionKind.Deposit or TransactionKind.Withdrawal or TransactionKind.Capture =>
            EventType.TransactionRecorded,
        _ when (int)Kind >= TransactionKinds.FirstOfServices && !TransactionKinds.Of(Kind).IsTransfer =>
            EventType.TransactionRecorded,
        _ => amountMinor < 0 ? EventType.AccountDebited : EventType.AccountCredited,
    };
}
