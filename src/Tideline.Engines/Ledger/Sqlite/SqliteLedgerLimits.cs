namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Limits of the ledger in SQLite. A name ends with its unit.</summary>
internal static class SqliteLedgerLimits
{
    /// <summary>
    /// How long a strong read waits until the data that it read is on disk, milliseconds. After that the disk counts as
    /// hanging.
    /// </summary>
    internal const int FlushWaitMs = 3_500;

    /// <summary>
    /// Outcome keys that a shard keeps in memory before they are written to its index in order; at most two such
    /// generations. A restart reads them back, and a reader scans that many rows for a key that is not in the index.
    /// </summary>
    internal const int IndexGenerationRows = 16_384;

    /// <summary>Index rows that small commits collect before one of them writes them.</summary>
    internal const int IndexStepRows = 128;
}
