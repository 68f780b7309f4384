using Tideline.Kernel;

namespace Tideline.Gateway.Problems;

/// <summary>The table of all problem types. Names and statuses are public and frozen by a test: append only.</summary>
internal static class ProblemTypes
{
    // :: Errors of the request itself
    public static readonly ProblemType MalformedJson = new("malformed-json", 400, "The body is not valid JSON");
    public static readonly ProblemType UnknownField = new(
        "unknown-field", 400, "The body has an unknown field");
    public static readonly ProblemType DuplicateField = new("duplicate-field", 400, "The body has a field twice");
    public static readonly ProblemType MissingField = new("missing-field", 400, "The body lacks a field");
    public static readonly ProblemType InvalidField = new(
        "invalid-field", 400, "A field has an invalid value");
    public static readonly ProblemType InvalidId = new("invalid-id", 400, "An id is not a UUID");
    public static readonly ProblemType InvalidQuery = new("invalid-query", 400, "A query parameter is invalid");
    public static readonly ProblemType InvalidCursor = new(
        "invalid-cursor", 400, "The cursor does not belong to this list");
    public static readonly ProblemType InvalidToken = new("invalid-token", 400, "The consistency token is invalid");
    public static readonly ProblemType InvalidConsistency = new(
        "invalid-consistency", 400, "The consistency level is invalid");
    public static readonly ProblemType KeyMissing = new(
        "idempotency-key-missing", 400, "The request has no idempotency key");
    public static readonly ProblemType KeyInvalid = new(
        "idempotency-key-invalid", 400, "The idempotency key is invalid");
    public static readonly ProblemType InvalidFile = new("invalid-file", 400, "The file is invalid");
    public static readonly ProblemType PeerRefused = new(
        "peer-refused", 403, "Only a process of this installation may send this request");
    public static readonly ProblemType HostRefused = new("host-refused", 403, "The request is for another host");
    public static readonly ProblemType OriginRefused =
        new("origin-refused", 403, "The request comes from a page of another site");
    public static readonly ProblemType RouteNotFound = new("route-not-found", 404, "There is no such route");
    public static readonly ProblemType MethodNotAllowed = new(
        "method-not-allowed", 405, "The route does not support this method");
    public static readonly ProblemType NotAcceptable = new(
        "not-acceptable", 406, "The route offers none of the accepted media types");
    public static readonly ProblemType RequestTimeout =
        new("request-timeout", 408, "The request took too long to arrive");
    public static readonly ProblemType UriTooLong = new("uri-too-long", 414, "Path and query are too long");
    public static readonly ProblemType HeadersTooLarge = new(
        "headers-too-large", 431, "The request headers are too large");
    public static readonly ProblemType BodyTooLarge = new("body-too-large", 413, "The body is too large");
    public static readonly ProblemType UnsupportedMediaType = new(
        "unsupported-media-type", 415, "The route does not accept this media type");
    public static readonly ProblemType UnknownCurrency = new("unknown-currency", 422, "The currency is unknown");
    public static readonly ProblemType InvalidAmount = new("invalid-amount", 422, "The amount is invalid");
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
        [RefusalReason.BalanceOverflow] = new("balance-overflow", 422, "The balance would exceed its limit"),
        // 422 as in the IETF's Idempotency-Key draft; 409 is reserved for conflicts of state.
        [RefusalReason.IdempotencyKeyReused] = new(
            "idempotency-key-reused", 422, "The idempotency key belongs to another request"),
        [RefusalReason.DuplicateId] = new("duplicate-id", 409, "The id is taken"),
        [RefusalReason.IbanTaken] = new("iban-taken", 409, "The IBAN belongs to another account"),
        [RefusalReason.HoldNotFound] = new("hold-not-found", 404, "There is no such hold"),
        [RefusalReason.HoldNotOpen] = new("hold-not-open", 409, "The hold is no longer open"),
        [RefusalReason.HoldExceeded] = new("hold-exceeded", 422, "The amount exceeds the rest of the hold"),
        [RefusalReason.AccountNotEmpty] = new("account-not-empty", 409, "The account is not empty"),
        [RefusalReason.InvalidStatus] = new("invalid-status", 409, "The account cannot change to this status"),
        [RefusalReason.SagaNotParked] = new("saga-not-parked", 409, "The saga is not in a state that allows this"),
        [RefusalReason.SagaNotFound] = new("saga-not-found", 404, "There is no such saga"),
        [RefusalReason.DeadlinePassed] = new("deadline-passed", 422, "The deadline has passed"),
        [RefusalReason.TransfersUnderWay] = new("transfers-under-way", 409,
            "Transfers of the account are under way and may still be returned"),
        [RefusalReason.NothingOnSuspense] = new("nothing-on-suspense", 409, "The saga has no money on suspense"),
        [RefusalReason.StepConflict] = new("step-conflict", 409, "A saga message contradicts the stored outcome"),
        [RefusalReason.DeadLetterNotFound] = new("dead-letter-not-found", 404, "There is no such dead letter"),
        [RefusalReason.UnbalancedTransaction] = new(
            "unbalanced-transaction", 422, "The legs do not add up to zero"),
        [RefusalReason.InvalidTransaction] = new("invalid-transaction", 422, "The transaction is invalid"),
        [RefusalReason.ConditionFailed] = new("condition-failed", 409, "A condition of the transaction does not hold"),
        [RefusalReason.InvalidExpiry] = new("invalid-expiry", 422, "The expiry of the hold is invalid"),
    };

    private static readonly Dictionary<ErrorCode, ProblemType> Faults = new()
    {
        [ErrorCode.Internal] = new("internal", 500, "An internal error occurred"),
        [ErrorCode.InvalidInput] = new("invalid-input", 400, "The request cannot be executed as it stands"),
        [ErrorCode.Overloaded] = new("overloaded", 503, "The server is overloaded"),
        [ErrorCode.StorageUnavailable] = new("storage-unavailable", 503, "The storage accepts no writes"),
        [ErrorCode.Corrupt] = new("corrupt", 503, "The stored data is inconsistent, so nothing is written"),
        [ErrorCode.IncompatibleData] = new("incompatible-data", 503, "The data was written by another version"),
        [ErrorCode.AlreadyOwned] = new("already-owned", 503, "Another process owns the data"),
        [ErrorCode.NotOwner] = new("not-owner", 503, "No owner of the shard accepted the command"),
        [ErrorCode.ShuttingDown] = new("shutting-down", 503, "The server is starting or draining"),
        [ErrorCode.ViewBehind] = new("view-behind", 503, "The views are behind the requested level"),
        [ErrorCode.ClockWrong] = new("clock-wrong", 503, "The clock of a process is wrong"),
        [ErrorCode.NotFound] = new("not-found", 404, "There is no such resource"),
    };

    /// <summary>All types, in the order of their names.</summary>
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
