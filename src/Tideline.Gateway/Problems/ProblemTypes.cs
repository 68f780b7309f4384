using System.Collections.Concurrent;
using Tideline.Kernel;

namespace Tideline.Gateway.Problems;

/// <summary>
/// All problem types; those of refusals come from <see cref="Refusals"/>. Names and statuses are public and frozen by
/// a test: append only.
/// </summary>
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
    public static readonly ProblemType TransferNotFound = new("transfer-not-found", 404, "There is no such transfer");
    public static readonly ProblemType ImportNotFound = new("import-not-found", 404, "There is no such import");
    public static readonly ProblemType ReceiptNotFound = new(
        "receipt-not-found", 404, "There is no such transaction to prove");
    public static readonly ProblemType ReceiptPending = new(
        "receipt-pending", 503, "The transaction is not in a published block of the audit chain yet");

    private static readonly ConcurrentDictionary<RefusalReason, ProblemType> OfRefusals = new();

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
    public static IReadOnlyList<ProblemType> All =>
    [
        .. new[]
        {
            MalformedJson, UnknownField, DuplicateField,
            MissingField, InvalidField, InvalidId, InvalidQuery, InvalidCursor, InvalidToken, InvalidConsistency,
            KeyMissing, KeyInvalid, InvalidFile,
            RouteNotFound, MethodNotAllowed, NotAcceptable, BodyTooLarge, UnsupportedMediaType, UnknownCurrency,
            TransferNotFound, ImportNotFound, ReceiptNotFound, ReceiptPending,
            PeerRefused, HostRefused, OriginRefused, RequestTimeout, UriTooLong,
            HeadersTooLarge,
        }.Concat(Refusals.All.Select(kind => Of(kind.Reason))).Concat(Faults.Values)
            .OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    /// <summary>The type of a refusal of the core or of a service.</summary>
    /// <exception cref="TidelineException">IncompatibleData: this program does not know it.</exception>
    public static ProblemType Of(RefusalReason reason) => OfRefusals.GetOrAdd(reason, static known =>
    {
        var kind = known.Kind();
        return new ProblemType(kind.Name, StatusOf(kind.Class), kind.Title);
    });

    /// <summary>The type of a fault.</summary>
    public static ProblemType Of(ErrorCode code) => Faults[code];

    private static int StatusOf(RefusalClass refused) => refused switch
    {
        RefusalClass.NotFound => StatusCodes.Status404NotFound,
        RefusalClass.Conflict => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status422UnprocessableEntity,
    };
}
