using System.Collections.Concurrent;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>Connections that read beside the writer, reused.</summary>
internal sealed class SqliteViewReaders(string path) : IDisposable
{
    private readonly ConcurrentBag<(int Opened, SqliteDatabase Database)> _idle = [];
    private volatile bool _disposed;
    private volatile int _opened;

    /// <summary>Reads on a connection of its own, in one snapshot.</summary>
    public T Read<T>(Func<SqliteDatabase, T> read)
    {
        if (_disposed) throw new TidelineException(ErrorCode.ShuttingDown, "The view store is closed.");
        var used = Take();
        try
        {
            return read(used.Database);
        }
        catch (TidelineException fault) when (IsMissingTable(fault))
        {
            throw new TidelineException(ErrorCode.NotFound, fault.Message, fault);
        }
        finally
        {
            if (_disposed || used.Opened != _opened || _idle.Count >= SqliteViewLimits.Readers) used.Database.Dispose();
            else _idle.Add(used);
        }
    }

    // One of the file that stands at the path.
    private (int Opened, SqliteDatabase Database) Take()
    {
        while (_idle.TryTake(out var idle))
        {
            if (idle.Opened == _opened) return idle;
            idle.Database.Dispose();
        }

        var opened = _opened;
        return (opened, SqliteDatabase.OpenReader(path, cacheKib: 4_096));
    }

    /// <summary>The same; <paramref name="absent"/> where somebody dropped the table.</summary>
    public T Read<T>(Func<SqliteDatabase, T> read, T absent)
    {
        try
        {
            return Read(read);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            return absent;
        }
    }

    /// <summary>Whether somebody dropped a table that the catalogue still names.</summary>
    public static bool IsMissingTable(Exception fault) =>
        fault is TidelineException { Code: ErrorCode.Internal }
            && fault.Message.Contains("no such table", StringComparison.Ordinal);

    /// <summary>Another file stands at the path: it is read from now on.</summary>
    public void OpenAgain() => Interlocked.Increment(ref _opened);

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var idle)) idle.Database.Dispose();
    }
}
