using MongoDB.Driver;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Mongo;

/// <summary>What the driver throws, in the program's words.</summary>
internal static class MongoFaults
{
    private const string RetryableWrite = "RetryableWriteError";

    /// <summary>
    /// Whether the same call may go through in a moment: a lost line, an election, a majority that did not answer in
    /// time.
    /// </summary>
    public static bool IsPassing(Exception fault) => fault switch
    {
        MongoAuthenticationException => false,
        MongoBulkWriteException bulk => bulk.WriteConcernError is not null && bulk.WriteErrors.All(IsThere),
        TimeoutException or MongoConnectionException
            or MongoNotPrimaryException or MongoNodeIsRecoveringException or MongoExecutionTimeoutException => true,
        MongoWriteConcernException or MongoConnectionPoolPausedException or MongoWaitQueueFullException => true,
        MongoException other => other.HasErrorLabel(RetryableWrite),
        _ => false,
    };

    /// <summary>Whether an insert was refused because the document is there.</summary>
    public static bool IsThere(BulkWriteError error) => error.Category == ServerErrorCategory.DuplicateKey;

    /// <summary>Whether the driver threw it.</summary>
    public static bool IsOurs(Exception fault) =>
        fault is MongoException or TimeoutException or ObjectDisposedException;

    /// <summary>The fault to report.</summary>
    public static TidelineException Translate(Exception fault) => fault switch
    {
        ObjectDisposedException => new TidelineException(ErrorCode.ShuttingDown, "The view store is closed.", fault),
        MongoWriteConcernException or MongoBulkWriteException { WriteConcernError: not null } =>
            new TidelineException(ErrorCode.StorageUnavailable,
                "A majority of the MongoDB servers has not acknowledged the write, so it counts as not done.", fault),
        // The driver's message is a page that describes each server with the stack of its last fault.
        TimeoutException =>
            new TidelineException(ErrorCode.StorageUnavailable, "MongoDB does not answer, or has no primary.", fault),
        MongoConnectionException or MongoNotPrimaryException or MongoNodeIsRecoveringException =>
            new TidelineException(
                ErrorCode.StorageUnavailable, $"MongoDB does not answer, or has no primary: {fault.Message}", fault),
        _ => new TidelineException(ErrorCode.StorageUnavailable, $"MongoDB refused: {fault.Message}", fault),
    };
}
