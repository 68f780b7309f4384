using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>What a transaction says beside its legs: see <see cref="Batch.Record"/>.</summary>
internal readonly record struct Posting(Guid Id, TransactionKind Kind)
{
    /// <summary>The client's words for it.</summary>
    public string? Reference { get; init; }

    public Guid? SagaId { get; init; }

    /// <summary>The hold that it takes, or takes a part of.</summary>
    public Guid? HoldId { get; init; }

    /// <summary>Value date, code, parties and the like; null: none of it.</summary>
    public TransactionDetails? Details { get; init; }

    /// <summary>Money that comes home: frozen accounts take it, too.</summary>
    public bool EvenFrozen { get; init; }

    /// <summary>The event that tells of one of its legs.</summary>
    public EventType EventOf(long amountMinor) => Kind switch
    {
        TransactionKind.Deposit or TransactionKind.Withdrawal or TransactionKind.Capture =>
            EventType.TransactionRecorded,
        _ => amountMinor < 0 ? EventType.AccountDebited : EventType.AccountCredited,
    };
}
