namespace Tideline.Engines.Sqlite;

/// <summary>Limits of every SQLite file. A name ends with its unit.</summary>
internal static class SqliteLimits
{
    /// <summary>Pages that a backup copies in one step.</summary>
    internal const int BackupStepPages = 256;

    /// <summary>
    /// Frames (4 KiB) of a write-ahead log at which a checkpoint starts: pages that many batches changed are copied
    /// once.
    /// </summary>
    internal const int CheckpointFrames = 8_000;

    /// <summary>How often a checkpoint runs beside the writer before the writer copies the rest itself.</summary>
    internal const int CheckpointPasses = 3;

    /// <summary>
    /// Frames of the write-ahead log after which a file whose commits are not flushed is written out: 2 MiB, a few
    /// milliseconds of disk time.
    /// </summary>
    internal const int LogWriteOutFrames = 512;

    /// <summary>Frames of the log at which the writer waits for the checkpoint.</summary>
    internal const int CheckpointFramesMax = 32_000;
}
