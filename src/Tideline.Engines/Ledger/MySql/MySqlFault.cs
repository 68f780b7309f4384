using MySqlConnector;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>What MySQL's errors mean here.</summary>
internal static class MySqlFault
{
    /// <summary>
    /// The server gave the transaction up for another one, or would not wait longer for it, or another shard's batch
    /// took one of its keys a moment earlier: nothing of it is there, and it may be tried again at once.
    /// </summary>
    public static bool IsContention(this MySqlException fault) =>
        fault.ErrorCode is MySqlErrorCode.LockDeadlock or MySqlErrorCode.LockWaitTimeout
        || (fault.ErrorCode == MySqlErrorCode.DuplicateKeyEntry
            && fault.Message.Contains(MySqlTables.KeyIndex, StringComparison.Ordinal));

    /// <summary>
    /// A key of a batch that asked nothing is there already, or its fence did not let it pass: see
    /// <see cref="BatchWriter"/>.
    /// </summary>
    public static bool RefutesWhatWasKnown(this MySqlException fault) =>
        fault.ErrorCode is MySqlErrorCode.DuplicateKeyEntry or MySqlErrorCode.ColumnCannotBeNull;

    /// <summary>
    /// Whether the session is of no use any more: the server or the line is gone, or the server no longer takes writes.
    /// </summary>
    public static bool IsLost(this MySqlException fault) => fault.ErrorCode
        is MySqlErrorCode.UnableToConnectToHost
            or MySqlErrorCode.CommandTimeoutExpired or MySqlErrorCode.ServerShutdown or MySqlErrorCode.QueryInterrupted
        or MySqlErrorCode.ConnectionCountError or MySqlErrorCode.OptionPreventsStatement
            or MySqlErrorCode.CannotExecuteInReadOnlyTransaction or MySqlErrorCode.None
        || (int)fault.ErrorCode is 1927 or 2002 or 2003 or 2006 or 2013 or 4031;

    /// <summary>
    /// As above, or the server's group has no primary now. While a statement is prepared, the driver tells a lost line
    /// as it found it.
    /// </summary>
    public static bool IsLost(this Exception fault) => fault is MySqlException told ? told.IsLost()
        : fault is IOException or ObjectDisposedException or TidelineException { Code: ErrorCode.StorageUnavailable };

    /// <summary>The fault as the program knows it.</summary>
    public static TidelineException Told(this Exception fault) => fault is MySqlException told ? told.Told()
        : new TidelineException(ErrorCode.StorageUnavailable, $"MySQL does not answer: {fault.Message}", fault);

    /// <summary>The fault as the program knows it.</summary>
    public static TidelineException Told(this MySqlException fault) => fault.ErrorCode switch
    {
        MySqlErrorCode.DuplicateKeyEntry =>
            new TidelineException(ErrorCode.Internal, $"A row already exists: {fault.Message}", fault),
        MySqlErrorCode.DiskFull or MySqlErrorCode.RecordFileFull =>
            new TidelineException(ErrorCode.StorageUnavailable, $"MySQL has no space left: {fault.Message}", fault),
        MySqlErrorCode.AccessDenied or MySqlErrorCode.DatabaseAccessDenied or MySqlErrorCode.TableAccessDenied =>
            new TidelineException(ErrorCode.StorageUnavailable, $"MySQL denies access: {fault.Message}", fault),
        _ when fault.IsLost() =>
            new TidelineException(ErrorCode.StorageUnavailable, $"MySQL does not answer: {fault.Message}", fault),
        _ when fault.IsContention() => new TidelineException(
            ErrorCode.StorageUnavailable, $"MySQL could not lock the rows: {fault.Message}", fault),
        _ => new TidelineException(ErrorCode.Internal, $"MySQL refused a statement: {fault.Message}", fault),
    };
}
