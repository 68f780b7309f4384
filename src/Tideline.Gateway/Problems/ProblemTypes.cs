using Tideline.Kernel;

namespace Tideline.Gateway.Problems;

/// <summary>The one table of problem types. Names and statuses are public and frozen by a test: append only.</summary>
internal static class ProblemTypes
{
    // :: What is wrong with the request itself
    public static readonly ProblemType MalformedJson = new("malformed-json", 400, "The body is not valid JSON");
    public static readonly ProblemType UnknownField = new(
        "unknown-field", 400, "The body has a field that is not known here");
    public static readonly ProblemType DuplicateField = new("duplicate-field", 400, "The body names a field twice");
    public static readonly ProblemType MissingField = new("missing-field", 400, "The body lacks a field");
    public static readonly ProblemType InvalidField = new(
        "invalid-field", 400, "A field has a value that cannot be used");
    public static readonly ProblemType InvalidId = new("invalid-id", 400, "An id is not a UUID");
    public static readonly ProblemType InvalidQuery = new("invalid-query", 400, "A query parameter cannot be used");
    public static readonly ProblemType InvalidCursor = new("invalid-cursor", 400, "The cursor is not one of this list");
    public static readonly ProblemType InvalidToken = new("invalid-token", 400, "The consistency token cannot be read");
    public static readonly ProblemType InvalidConsistency = new(
        "invalid-consistency", 400, "The consistency level cannot be read");
    public static readonly ProblemType KeyMissing = new(
        "idempotency-key-missing", 400, "The request has no idempotency key");
    public static readonly ProblemType KeyInvalid = new(
        "idempotency-key-invalid", 400, "The idempotency key cannot be used");
    public static readonly ProblemType InvalidFile = new("invalid-file", 400, "The file cannot be read");
    public static readonly ProblemType PeerRefused = new(
        "peer-refused", 403, "Only a process of this installation may ask that");
    public static readonly ProblemType HostRefused = new("host-refused", 403, "The request is for another host");
    public static readonly ProblemType OriginRefused =
        new("origin-refused", 403, "The request comes from a page of another site");
    public static readonly ProblemType RouteNotFound = new("route-not-found", 404, "There is no such route");
    public static readonly ProblemType MethodNotAllowed = new(
        "method-not-allowed", 405, "The route does not take this method");
    public static readonly ProblemType NotAcceptable = new(
        "not-acceptable", 406, "None of the accepted media types can be answered");
    public static readonly ProblemType RequestTimeout =
        new("request-timeout", 408, "The request took too long to arrive");
    public static readonly ProblemType UriTooLong = new("uri-too-long", 414, "Path and query are too long");
    public static readonly ProblemType HeadersTooLarge = new("headers-too-large", 431, "The header is too large");
    public static readonly ProblemType BodyTooLarge = new("body-too-large", 413, "The body is too large");
    public static readonly ProblemType UnsupportedMediaType = new(
        "unsupported-media-type", 415, "The body's media type is not taken here");
    public static readonly ProblemType UnknownCurrency = new("unknown-currency", 422, "The currency is not known");
    public static readonly ProblemType InvalidAmount = new("invalid-amount", 422, "The amount cannot be used");
    public static readonly ProblemType TransferNotFound = new("transfer-not-found", 404, "There is no such transfer");
    public static readonly ProblemType ImportNotFound = new("import-not-found", 404, "There is no such import");

    private static readonly Dictionary<RefusalReason, ProblemType> Refusals = new()
    {
        [RefusalReason.CustomerNotFound] = new("customer-not-found", 422, "There is no such customer"),
        [RefusalReason.AccountNotFound] = new("account-not-found", 422, "There is no such account"),
        [RefusalReason.AccountFrozen] = new("account-frozen", 422, "The account is frozen"),
        [RefusalReason.AccountClosed] = new("account-closed", 422, "The account is closed"),
        [RefusalReason.CurrencyMismatch] = new("currency-mismatch", 422, "The amount is not in the account's currency"),
        [RefusalReason.InsufficientFunds] = new("insufficient-funds", 422, "The available balance is too small"),
        [RefusalReason.SameAccount] = new("same-account", 422, "Source and destination are the same account"),
        [RefusalReason.InvalidAmount] = InvalidAmount,
        [RefusalReason.BalanceOverflow] = new("balance-overflow", 422, "The balance would pass its limit"),
        // 422 as the IETF's Idempotency-Key draft has it; 409 is left for clashes of state.
        [RefusalReason.IdempotencyKeyReused] = new(
            "idempotency-key-reused", 422, "The idempotency key belongs to another request"),
        [RefusalReason.DuplicateId] = new("duplicate-id", 409, "The id is taken"),
        [RefusalReason.IbanTaken] = new("iban-taken", 409, "The IBAN belongs to another account"),
        [RefusalReason.HoldNotFound] = new("hold-not-found", 404, "There is no such hold"),
        [RefusalReason.HoldNotOpen] = new("hold-not-open", 409, "The hold is not open any more"),
        [RefusalReason.HoldExceeded] = new("hold-exceeded", 422, "The amount is more than the hold still holds"),
        [RefusalReason.AccountNotEmpty] = new("account-not-empty", 409, "The account is not empty"),
        [RefusalReason.InvalidStatus] = new("invalid-status", 409, "The status cannot follow the present one"),
        [RefusalReason.SagaNotParked] = new("saga-not-parked", 409, "The saga is not in a state that allows this"),
        [RefusalReason.SagaNotFound] = new("saga-not-found", 404, "There is no such saga"),
        [RefusalReason.DeadlinePassed] = new("deadline-passed", 422, "It was not done in time"),
        [RefusalReason.TransfersUnderWay] = new("transfers-under-way", 409,
            "Transfers of the account are under way and may still come back"),
        [RefusalReason.NothingOnSuspense] = new("nothing-on-suspense", 409, "The saga has no money on suspense"),
        [RefusalReason.StepConflict] = new("step-conflict", 409, "A message about a saga contradicts what was done"),
        [RefusalReason.DeadLetterNotFound] = new("dead-letter-not-found", 404, "No such dead letter waits"),
        [RefusalReason.UnbalancedTransaction] = new(
            "unbalanced-transaction", 422, "The legs do not add up to zero"),
        [RefusalReason.InvalidTransaction] = new(
            "invalid-transaction", 422, "The transaction cannot be booked as it is"),
        [RefusalReason.ConditionFailed] = new("condition-failed", 409, "A condition does not hold"),
        [RefusalReason.InvalidExpiry] = new("invalid-expiry", 422, "The hold cannot end then"),
    };

    private static readonly Dictionary<ErrorCode, ProblemType> Faults = new()
    {
        [ErrorCode.Internal] = new("internal", 500, "Something went wrong inside"),
        [ErrorCode.InvalidInput] = new("invalid-input", 400, "The request cannot be carried out as it stands"),
        [ErrorCode.Overloaded] = new("overloaded", 503, "Too much is waiting already"),
        [ErrorCode.StorageUnavailable] = new("storage-unavailable", 503, "The storage does not take writes"),
        [ErrorCode.Corrupt] = new("corrupt", 503, "What is stored contradicts itself, so nothing is written"),
        [ErrorCode.IncompatibleData] = new("incompatible-data", 503, "The data was written by another version"),
        [ErrorCode.AlreadyOwned] = new("already-owned", 503, "Another process owns the data"),
        [ErrorCode.NotOwner] = new("not-owner", 503, "No process that owns the shard took the command"),
        [ErrorCode.ShuttingDown] = new("shutting-down", 503, "The server is starting or draining"),
        [ErrorCode.ViewBehind] = new("view-behind", 503, "The views are behind what was asked for"),
        [ErrorCode.ClockWrong] = new("clock-wrong", 503, "The clock of a process cannot be right"),
        [ErrorCode.NotFound] = new("not-found", 404, "There is no such thing"),
    };

    /// <summary>Every type, in the order of their names.</summary>
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        .. new[]
        {
            MalformedJson, UnknownField, DuplicateField,
            MissingField, InvalidField, InvalidId, InvalidQuery, InvalidCursor, InvalidToken, InvalidConsistency,
            KeyMissing, KeyInvalid, InvalidFile,
            RouteNotFound, MethodNotAllowed, NotAcceptable, BodyTooLarge, UnsupportedMediaType, UnknownCurrency,
            TransferNotFound, ImportNotFound, PeerRefused, HostRefused, OriginRefused, RequestTimeout, UriTooLong,
            HeadersTooLarge,
        }.Concat(Refusals.Values).Concat(Faults.Values).OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    /// <summary>The type of a refusal.</summary>
    public static ProblemType Of(RefusalReason reason) => Refusals[reason];

    /// <summary>The type of a fault.</summary>
    public static ProblemType Of(ErrorCode code) => Faults[code];
}
