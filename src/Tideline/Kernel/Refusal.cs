namespace Tideline.Kernel;

/// <summary>
/// A business refusal; nothing changed. <paramref name="Detail"/> is a sentence that a person can act on.
/// </summary>
public sealed record Refusal(RefusalReason Reason, string Detail);

/// <summary>
/// Why a command was refused. The numbers are written to disk with the reply: append only. The problem type of a reason
/// is its name in kebab case.
/// </summary>
public enum RefusalReason
{
    /// <summary>No such customer.</summary>
    CustomerNotFound = 1,

    /// <summary>No such account.</summary>
    AccountNotFound = 2,

    /// <summary>The account is frozen.</summary>
    AccountFrozen = 3,

    /// <summary>The account is closed.</summary>
    AccountClosed = 4,

    /// <summary>The amount is not in the account's currency.</summary>
    CurrencyMismatch = 5,

    /// <summary>The available balance is too small.</summary>
    InsufficientFunds = 6,

    /// <summary>From and to are the same account.</summary>
    SameAccount = 7,

    /// <summary>The amount is zero, negative or beyond the limit.</summary>
    InvalidAmount = 8,

    /// <summary>The balance would exceed its limit.</summary>
    BalanceOverflow = 9,

    /// <summary>The idempotency key was used with another request.</summary>
    IdempotencyKeyReused = 10,

    /// <summary>The id chosen by the client is taken.</summary>
    DuplicateId = 11,

    /// <summary>The IBAN belongs to another account.</summary>
    IbanTaken = 12,

    /// <summary>No such hold.</summary>
    HoldNotFound = 13,

    /// <summary>The hold was captured, released or has expired.</summary>
    HoldNotOpen = 14,

    /// <summary>The amount is more than the hold still holds.</summary>
    HoldExceeded = 15,

    /// <summary>Only an account with balance zero and no holds can be closed.</summary>
    AccountNotEmpty = 16,

    /// <summary>The account's present status cannot change to this one.</summary>
    InvalidStatus = 17,

    /// <summary>The saga is not in a state that allows this.</summary>
    SagaNotParked = 18,

    /// <summary>No such saga.</summary>
    SagaNotFound = 19,

    /// <summary>A step's deadline passed.</summary>
    DeadlinePassed = 20,

    /// <summary>A hold must expire in the future, within the limit.</summary>
    InvalidExpiry = 21,

    /// <summary>Money of unfinished transfers may still come back to the account.</summary>
    TransfersUnderWay = 22,

    /// <summary>The saga has no money on suspense.</summary>
    NothingOnSuspense = 23,

    /// <summary>A message about a saga contradicts the recorded effect of its step, or the saga itself.</summary>
    StepConflict = 24,

    /// <summary>No such dead letter.</summary>
    DeadLetterNotFound = 25,

    /// <summary>The legs of a transaction do not add up to zero.</summary>
    UnbalancedTransaction = 26,

    /// <summary>A transaction has too many legs or exceeds another limit.</summary>
    InvalidTransaction = 27,

    /// <summary>A condition of a transaction does not hold.</summary>
    ConditionFailed = 28,
}
