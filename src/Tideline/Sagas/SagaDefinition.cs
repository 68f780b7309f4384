using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>
/// A versioned list of steps. Until the pivot is done, a business refusal compensates the finished steps in reverse
/// order; after it, steps only retry. An instance finishes on the version it began with. A step with a compensation
/// runs on the shard of the saga, so that the compensation cannot be refused: money that an account cannot take back
/// goes to the bank's suspense account.
/// </summary>
public sealed record SagaDefinition(string Name, int Version, IReadOnlyList<SagaStep> Steps)
{
    /// <summary>The index of the pivot: the step after which the saga can only go forward.</summary>
    public int PivotStep { get; } = Steps.Index().First(step => step.Item.IsPivot).Index;

    /// <summary>
    /// The kind of the single transaction that does the whole saga if both accounts are on one shard; null if the saga
    /// always takes steps. Such a transaction has the id of its saga, which has no row.
    /// </summary>
    public TransactionKind? Within { get; init; }
}

/// <summary>
/// A step. <paramref name="Forward"/> makes its posting, <paramref name="Compensation"/> the posting that reverses it
/// (null: nothing to reverse). A step without <paramref name="Forward"/> is a view step: it is done when the
/// projection's watermark passes the positions that the saga wrote.
/// </summary>
public sealed record SagaStep(
    string Name, bool IsPivot, RetryPolicy Retry, TimeSpan Deadline, Func<SagaData, Guid, SagaPosting>? Forward,
    Func<SagaData, Guid, SagaPosting>? Compensation);

/// <summary>How often and when a step is retried: exponential backoff with a cap.</summary>
public sealed record RetryPolicy(int MaxAttempts, int FirstDelayMs, int MaxDelayMs)
{
    /// <summary>For steps on another shard.</summary>
    public static readonly RetryPolicy Default = new(MaxAttempts: 10, FirstDelayMs: 2_000, MaxDelayMs: 60_000);

    /// <summary>The time of the next attempt after a number of attempts.</summary>
    public long NextUs(long nowUs, int attempts) =>
        nowUs + Math.Min((long)FirstDelayMs << Math.Min(attempts, 20), MaxDelayMs) * 1_000L;
}

/// <summary>
/// A movement between a customer account (or the suspense account) and a system account on the same shard.
/// <see cref="AmountMinor"/> is signed from the account's point of view.
/// </summary>
public sealed record SagaPosting(
    Guid TransactionId, Guid AccountId, AccountKind Against, long AmountMinor, string Currency, TransactionKind Kind,
    Guid? CounterpartyId, string? Reference, TransactionDetails? Details = null);

/// <summary>What a saga moves, and its progress. The JSON is stored with each instance: append only.</summary>
public sealed record SagaData
{
    public required Guid From { get; init; }

    public required Guid To { get; init; }

    public required long AmountMinor { get; init; }

    public required string Currency { get; init; }

    public string? Reference { get; init; }

    /// <summary>Parties and other details of the payment.</summary>
    public TransactionDetails? Details { get; init; }

    /// <summary>The source's posted balance after its debit.</summary>
    public long BalanceMinor { get; init; }

    /// <summary>Why it was compensated.</summary>
    public RefusalReason RefusalReason { get; init; }

    /// <summary>Why it was compensated, as text.</summary>
    public string? RefusalDetail { get; init; }

    /// <summary>Why its money could not be returned and went to suspense; null if it did not.</summary>
    public string? SuspenseReason { get; init; }

    /// <summary>The account that its money on suspense was paid out to.</summary>
    public Guid? PaidOutTo { get; init; }

    /// <summary>The payout saga, if that account is on another shard.</summary>
    public Guid? PayoutId { get; init; }

    /// <summary>For a payout: the saga whose money on suspense it pays out.</summary>
    public Guid? Origin { get; init; }

    /// <summary>The positions it wrote, one per shard.</summary>
    public Position[] Positions { get; init; } = [];

    /// <summary>Adds a position, keeping the newest of each shard.</summary>
    public SagaData At(Position position) =>
        position.Seq == 0
            ? this
            : this with
            {
                Positions = [.. Positions.Where(known => known.Shard != position.Shard), position],
            };

    /// <summary>Whether both describe the same movement. These fields never change.</summary>
    internal bool IsSameMovement(SagaData other) =>
        (From, To, AmountMinor, Currency, Reference, Origin)
        == (other.From, other.To, other.AmountMinor, other.Currency, other.Reference, other.Origin);
}

/// <summary>One line of a saga's history: the audit row of a step, committed with its effect.</summary>
public sealed record SagaHistory(string Step, string State, long AtUs, int Attempts, string? Detail);
