namespace Tideline.Kernel;

/// <summary>The refusals that this program knows: the core's own, and those that services register.</summary>
public static class Refusals
{
    /// <summary>The lowest number that a service may use.</summary>
    public const int FirstOfServices = 1_000;

    private static readonly NumberedNames<RefusalKind> Names = new("Refusal", FirstOfServices,
    [
        new(RefusalReason.CustomerNotFound, "customer-not-found", RefusalClass.Missing, "There is no such customer"),
        new(RefusalReason.AccountNotFound, "account-not-found", RefusalClass.Missing, "There is no such account"),
        new(RefusalReason.AccountFrozen, "account-frozen", RefusalClass.Rule, "The account is frozen"),
        new(RefusalReason.AccountClosed, "account-closed", RefusalClass.Rule, "The account is closed"),
        new(RefusalReason.CurrencyMismatch, "currency-mismatch", RefusalClass.Rule,
            "The amount is not in the account's currency"),
        new(RefusalReason.InsufficientFunds, "insufficient-funds", RefusalClass.Rule,
            "The available balance is too small"),
        new(RefusalReason.SameAccount, "same-account", RefusalClass.Rule,
            "Source and destination are the same account"),
        new(RefusalReason.InvalidAmount, "invalid-amount", RefusalClass.Rule, "The amount is invalid"),
        new(RefusalReason.BalanceOverflow, "balance-overflow", RefusalClass.Rule, "The balance would exceed its limit"),
        // 422 as in the IETF's Idempotency-Key draft.
        new(RefusalReason.IdempotencyKeyReused, "idempotency-key-reused", RefusalClass.Rule,
            "The idempotency key belongs to another request"),
        new(RefusalReason.DuplicateId, "duplicate-id", RefusalClass.Conflict, "The id is taken"),
        new(RefusalReason.IbanTaken, "iban-taken", RefusalClass.Conflict, "The IBAN belongs to another account"),
        new(RefusalReason.HoldNotFound, "hold-not-found", RefusalClass.NotFound, "There is no such hold"),
        new(RefusalReason.HoldNotOpen, "hold-not-open", RefusalClass.Conflict, "The hold is no longer open"),
        new(RefusalReason.HoldExceeded, "hold-exceeded", RefusalClass.Rule, "The amount exceeds the rest of the hold"),
        new(RefusalReason.AccountNotEmpty, "account-not-empty", RefusalClass.Conflict, "The account is not empty"),
        new(RefusalReason.InvalidStatus, "invalid-status", RefusalClass.Conflict,
            "The account cannot change to this status"),
        new(RefusalReason.SagaNotParked, "saga-not-parked", RefusalClass.Conflict,
            "The saga is not in a state that allows this"),
        new(RefusalReason.SagaNotFound, "saga-not-found", RefusalClass.NotFound, "There is no such saga"),
        new(RefusalReason.DeadlinePassed, "deadline-passed", RefusalClass.Rule, "The deadline has passed"),
        new(RefusalReason.InvalidExpiry, "invalid-expiry", RefusalClass.Rule, "The expiry of the hold is invalid"),
        new(RefusalReason.TransfersUnderWay, "transfers-under-way", RefusalClass.Conflict,
            "Transfers of the account are under way and may still be returned"),
        new(RefusalReason.NothingOnSuspense, "nothing-on-suspense", RefusalClass.Conflict,
            "The saga has no money on suspense"),
        new(RefusalReason.StepConflict, "step-conflict", RefusalClass.Conflict,
            "A saga message contradicts the stored outcome"),
        new(RefusalReason.DeadLetterNotFound, "dead-letter-not-found", RefusalClass.NotFound,
            "There is no such dead letter"),
        new(RefusalReason.UnbalancedTransaction, "unbalanced-transaction", RefusalClass.Rule,
            "The legs do not add up to zero"),
        new(RefusalReason.InvalidTransaction, "invalid-transaction", RefusalClass.Rule, "The transaction is invalid"),
        new(RefusalReason.ConditionFailed, "condition-failed", RefusalClass.Conflict,
            "A condition of the transaction does not hold"),
    ]);

    /// <summary>All, in the order of their numbers.</summary>
    public static IReadOnlyList<RefusalKind> All => Names.All;

    /// <summary>Refuses a refusal of a service that cannot be registered.</summary>
    /// <exception cref="TidelineException">InvalidInput: the number or the name belongs to another one.</exception>
    internal static void Require(RefusalKind kind) => Names.Require(kind);

    /// <summary>Registers a refusal of a service. Registering the same one again has no effect.</summary>
    /// <exception cref="TidelineException">As <see cref="Require"/>.</exception>
    internal static void Register(RefusalKind kind) => Names.Register(kind);

    /// <summary>The refusal with this number; null if this program does not know it.</summary>
    public static RefusalKind? Find(RefusalReason reason) => Names.Find((int)reason);

    /// <summary>What is published about a reason.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know it.</exception>
    public static RefusalKind Kind(this RefusalReason reason) => Names.Of((int)reason);
}
