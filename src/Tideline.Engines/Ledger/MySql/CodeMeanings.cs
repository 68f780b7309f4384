using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// A sentence for each code that is stored, for the table <c>codes</c>: what the enums say of their values, for a
/// reader who has no source. A value without a sentence has an empty one, which a test finds.
/// </summary>
internal static class CodeMeanings
{
    public static string Of(AccountKind kind) => kind switch
    {
        AccountKind.Customer => "Account of a customer; its available balance is never negative.",
        AccountKind.Cash => "System account: money that enters or leaves the bank.",
        AccountKind.Clearing => "System account: money between the debit and the credit of a transfer across shards.",
        AccountKind.Settlement => "System account: receives captured holds.",
        AccountKind.Suspense => "System account: money that could not be returned; an operator pays it out.",
        _ => "",
    };

    public static string Of(AccountStatus status) => status switch
    {
        AccountStatus.Open => "Money may come and go.",
        AccountStatus.Frozen => "No money may come or go, except refunds and captures of earlier holds.",
        AccountStatus.Closed => "Closed for ever, with a balance of 0.",
        _ => "",
    };

    public static string Of(TransactionKind kind) => kind switch
    {
        TransactionKind.Transfer => "Between two customer accounts, or one of them and clearing.",
        TransactionKind.Refund => "Undoes the debit of a transfer.",
        TransactionKind.Deposit => "From cash to an account.",
        TransactionKind.Withdrawal => "From an account to cash.",
        TransactionKind.Capture => "From an account to settlement: a hold was captured.",
        TransactionKind.Suspense => "From clearing to suspense: the account of the owner could not take it back.",
        TransactionKind.Payout => "From suspense to a customer account, by an operator.",
        TransactionKind.Journal => "Legs on any accounts, as the client named them.",
        _ => "",
    };

    public static string Of(HoldStatus status) => status switch
    {
        HoldStatus.Open => "Reserves money.",
        HoldStatus.Captured => "Captured in whole or in part; reserves nothing any more.",
        HoldStatus.Released => "Released by a command.",
        HoldStatus.Expired => "Released because its time passed.",
        _ => "",
    };

    public static string Of(OutcomeKind kind) => kind switch
    {
        OutcomeKind.Reserved => "The key is used; the outcome itself is on the shard of its subject.",
        OutcomeKind.Done => "Executed; subject, balance and event are the reply.",
        OutcomeKind.Refused => "Refused; nothing changed. Reason and detail are the reply.",
        OutcomeKind.Saga => "A saga was started; the saga is the reply.",
        _ => "",
    };

    public static string Of(EventType type) => type switch
    {
        EventType.CustomerCreated => "A customer exists.",
        EventType.AccountCreated => "An account exists.",
        EventType.BalanceUpdated => "The available balance or the status of an account changed; no money moved.",
        EventType.TransactionRecorded => "Money moved between an account and a system account.",
        EventType.AccountDebited => "A transfer took money from an account.",
        EventType.AccountCredited => "A transfer or its refund gave money to an account.",
        EventType.CustomerViewUpdated => "The customer views contain every event of a shard up to a position.",
        >= (EventType)EventTypes.FirstOfServices => "An event of a service.",
        _ => "",
    };

    public static string Of(RefusalReason reason) => reason switch
    {
        RefusalReason.CustomerNotFound => "No such customer.",
        RefusalReason.AccountNotFound => "No such account.",
        RefusalReason.AccountFrozen => "The account is frozen.",
        RefusalReason.AccountClosed => "The account is closed.",
        RefusalReason.CurrencyMismatch => "The amount is not in the currency of the account.",
        RefusalReason.InsufficientFunds => "The available balance is too small.",
        RefusalReason.SameAccount => "Source and destination are the same account.",
        RefusalReason.InvalidAmount => "The amount is zero, negative or above the limit.",
        RefusalReason.BalanceOverflow => "The balance would pass its limit.",
        RefusalReason.IdempotencyKeyReused => "The idempotency key was used with another request.",
        RefusalReason.DuplicateId => "The id that the client chose is taken.",
        RefusalReason.IbanTaken => "The IBAN belongs to another account.",
        RefusalReason.HoldNotFound => "No such hold.",
        RefusalReason.HoldNotOpen => "The hold was captured or released, or has expired.",
        RefusalReason.HoldExceeded => "More than the hold still reserves.",
        RefusalReason.AccountNotEmpty => "An account can be closed only at balance 0 with nothing held.",
        RefusalReason.InvalidStatus => "The status cannot follow the present one.",
        RefusalReason.SagaNotParked => "The saga is in no state that allows this.",
        RefusalReason.SagaNotFound => "No such saga.",
        RefusalReason.DeadlinePassed => "The deadline of a step passed.",
        RefusalReason.InvalidExpiry => "A hold must expire in the future, within the limit.",
        RefusalReason.TransfersUnderWay => "Unfinished transfers may still return money to the account.",
        RefusalReason.NothingOnSuspense => "The saga has no money on suspense.",
        RefusalReason.StepConflict => "A message about a saga contradicts what was done.",
        RefusalReason.DeadLetterNotFound => "No such dead letter waits.",
        RefusalReason.UnbalancedTransaction => "The legs of a transaction do not add up to zero.",
        RefusalReason.InvalidTransaction => "A transaction has too many legs, or says more than it may.",
        RefusalReason.ConditionFailed => "A condition of a transaction does not hold.",
        _ => "",
    };
}
