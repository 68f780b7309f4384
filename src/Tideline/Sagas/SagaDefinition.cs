using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// A versioned list of steps. Before the pivot is done, a business refusal undoes the finished steps in reverse order;
/// after it, steps only retry. An instance ends on the version it began with. A step that can be undone stands on the
/// shard of the saga, so that undoing it cannot be refused: what an account cannot take back goes to the bank's
/// suspense account.
/// </summary>
public sealed record SagaDefinition(string Name, int Version, IReadOnlyList<SagaStep> Steps)
{
    /// <summary>The index of the step after which there is no way back.</summary>
    public int PivotStep { get; } = Steps.Index().First(step => step.Item.IsPivot).Index;

    /// <summary>
    /// The kind of transaction that does all of it where both accounts are on one shard; null where it always takes
    /// steps. Such a transaction has the id of its saga, which has no row.
    /// </summary>
    public TransactionKind? Within { get; init; }
}

/// <summary>
/// A step. <paramref name="Forward"/> makes the posting that does it, <paramref name="Compensation"/> the one that
/// undoes it (null: nothing to undo). A step with no
/// <paramref name="Forward"/> is a view step: it is done when the projection's watermark passes the positions that the
/// saga wrote.
/// </summary>
public sealed record SagaStep(
    string Name, bool IsPivot, RetryPolicy Retry, TimeSpan Deadline, Func<SagaData, Guid, SagaPosting>? Forward,
    Func<SagaData, Guid, SagaPosting>? Compensation);

/// <summary>How often and when a step is tried again: exponential backoff, capped.</summary>
public sealed record RetryPolicy(int MaxAttempts, int FirstDelayMs, int MaxDelayMs)
{
    /// <summary>For steps that ask another shard.</summary>
    public static readonly RetryPolicy Default = new(MaxAttempts: 10, FirstDelayMs: 2_000, MaxDelayMs: 60_000);

    /// <summary>When to try again after so many attempts.</summary>
    public long NextUs(long nowUs, int attempts) =>
        nowUs + Math.Min((long)FirstDelayMs << Math.Min(attempts, 20), MaxDelayMs) * 1_000L;
}

/// <summary>
/// A movement between a customer account (or the suspense account) and a system account of the account's own shard.
/// <see cref="AmountMinor"/> is signed as the account sees it.
/// </summary>
public sealed record SagaPosting(
    Guid TransactionId, Guid AccountId, AccountKind Against, long AmountMinor, string Currency, TransactionKind Kind,
    Guid? CounterpartyId, string? Reference, TransactionDetails? Details = null);

/// <summary>What a saga moves, and how far it got. The JSON is stored with each instance: append only.</summary>
public sealed record SagaData
{
    public required Guid From { get; init; }

    public required Guid To { get; init; }

    public required long AmountMinor { get; init; }

    public required string Currency { get; init; }

    public string? Reference { get; init; }

    /// <summary>Parties and the like of the payment.</summary>
    public TransactionDetails? Details { get; init; }

    /// <summary>The source's posted balance after its debit.</summary>
    public long BalanceMinor { get; init; }

    /// <summary>Why it was undone.</summary>
    public RefusalReason RefusalReason { get; init; }

    /// <summary>Why it was undone, in words.</summary>
    public string? RefusalDetail { get; init; }

    /// <summary>Why its money could not be given back and went to suspense; null when it did not.</summary>
    public string? SuspenseReason { get; init; }

    /// <summary>The account that its money on suspense was paid out to.</summary>
    public Guid? PaidOutTo { get; init; }

    /// <summary>The saga that pays it out, where the account is on another shard.</summary>
    public Guid? PayoutId { get; init; }

    /// <summary>For a payout: the saga whose money on suspense it pays out.</summary>
    public Guid? Origin { get; init; }

    /// <summary>The positions it wrote, one a shard.</summary>
    public Position[] Positions { get; init; } = [];

    /// <summary>Adds a position, keeping the newest of a shard.</summary>
    public SagaData At(Position position) =>
        position.Seq == 0
            ? this
            : this with
            {
                Positions = [.. Positions.Where(known => known.Shard != position.Shard), position],
            };

    /// <summary>Whether both are about the same movement: nothing that they say of it ever changes.</summary>
    internal bool IsSameMovement(SagaData other) =>
        (From, To, AmountMinor, Currency, Reference, Origin)
        == (other.From, other.To, other.AmountMinor, other.Currency, other.Reference, other.Origin);
}

/// <summary>One line of a saga's history: the audit row of a step, committed with its effect.</summary>
public sealed record SagaHistory(string Step, string State, long AtUs, int Attempts, string? Detail);
