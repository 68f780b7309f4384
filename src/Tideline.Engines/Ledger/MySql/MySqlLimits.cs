namespace Tideline.Engines.Ledger.MySql;

/// <summary>Limits of the ledger in MySQL. A name ends with its unit.</summary>
internal static class MySqlLimits
{
    /// <summary>How long opening a connection to the strong tier's server may take, seconds.</summary>
    internal const int ConnectSeconds = 2;

    /// <summary>
    /// How long a batch waits for an answer of its server, seconds. Then the connection is closed, and the batch's
    /// outcome is looked up on another connection.
    /// </summary>
    internal const int SilenceSeconds = 2;

    /// <summary>How long a strong read, or a change of tables, may take, seconds.</summary>
    internal const int ReadSeconds = 300;

    /// <summary>How long a strong read of a few rows may take before its server counts as lost, seconds.</summary>
    internal const int RowsSeconds = 5;

    /// <summary>How long a statement of a batch waits for a row that another transaction has locked, seconds.</summary>
    internal const int LockWaitSeconds = 1;

    /// <summary>
    /// Accounts of a shard whose rows its owner caches as last written: about 250 bytes of memory each.
    /// </summary>
    internal const int KnownAccounts = 65_536;

    /// <summary>
    /// Unfinished sagas of a shard whose rows its owner caches as last written: about 1 KiB of memory each.
    /// </summary>
    internal const int KnownAggregates = 8_192;

    /// <summary>
    /// How long a batch waits for an unreachable server before its commands are refused, milliseconds.
    /// </summary>
    internal const int WaitMs = 5_000;

    /// <summary>
    /// How long the outcome of a batch is looked up when its COMMIT was not answered, milliseconds. Then the shard
    /// stops, and repeats with the same keys return the outcome.
    /// </summary>
    internal const int CommitFateMs = 30_000;

    /// <summary>The rest between two attempts to reach an unreachable server, milliseconds.</summary>
    internal const int RetryMs = 100;

    /// <summary>Concurrent read connections per shard on a server; more readers wait.</summary>
    internal const int StrongReaders = 16;
}
