#pragma warning disable CA2000 // The connections are closed by Dispose, or where they were opened.
using Tideline.Kernel;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// A SQLite file as it is at one moment, held by a read transaction while it is copied. A copy page by page from a
/// connection that holds none begins anew at each commit, for ever; one step for all pages keeps the writer waiting.
/// The write-ahead log grows meanwhile.
/// </summary>
internal sealed class PinnedDatabase : IDisposable
{
    private readonly SqliteDatabase _source;

    /// <summary>Pins the file: what is committed by now is what the copy will hold.</summary>
    /// <exception cref="TidelineException">StorageUnavailable or Corrupt.</exception>
    public PinnedDatabase(string path)
    {
        _source = SqliteDatabase.OpenReader(path);
        try
        {
            _source.Prepare("BEGIN").Run();
            Read(database =>
            {
                // A snapshot begins with the first read.
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
        _source.CopyTo(target, Limits.BackupStepPages, cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        _source.Rollback();
        _source.Dispose();
    }
}
