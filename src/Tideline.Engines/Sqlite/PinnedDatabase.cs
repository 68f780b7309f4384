#pragma warning disable CA2000 // The connections are closed by Dispose, or where they were opened.
using Tideline.Kernel;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// A SQLite file at one moment, pinned by a read transaction while it is copied. A page-by-page copy from a connection
/// without one restarts at each commit, indefinitely; a copy of all pages in one step keeps the writer waiting. The
/// write-ahead log grows meanwhile.
/// </summary>
internal sealed class PinnedDatabase : IDisposable
{
    private readonly SqliteDatabase _source;

    /// <summary>Pins the file: the copy will contain everything committed so far.</summary>
    /// <exception cref="TidelineException">StorageUnavailable or Corrupt.</exception>
    public PinnedDatabase(string path)
    {
        _source = SqliteDatabase.OpenReader(path);
        try
        {
            _source.Prepare("BEGIN").Run();
            Read(database =>
            {
                // A snapshot starts with the first read.
                var first = database.Prepare("SELECT count(*) FROM sqlite_schema");
                first.Step();
                first.Reset();
                return 0;
            });
        }
        catch
        {
            _source.Dispose();
            throw;
        }
    }

    /// <summary>Reads from the pinned moment.</summary>
    public T Read<T>(Func<SqliteDatabase, T> read) => read(_source);

    /// <summary>Copies the pinned moment into a new file.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: the target cannot be written.</exception>
    public void CopyTo(string target, CancellationToken cancel) =>
        _source.CopyTo(target, SqliteLimits.BackupStepPages, cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        _source.Rollback();
        _source.Dispose();
    }
}
