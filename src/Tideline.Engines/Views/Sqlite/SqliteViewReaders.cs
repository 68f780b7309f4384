using System.Collections.Concurrent;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>Connections that read beside the writer, reused.</summary>
internal sealed class SqliteViewReaders(string path) : IDisposable
{
    private readonly ConcurrentBag<SqliteDatabase> _idle = [];
    private volatile bool _disposed;

    /// <summary>Reads on a connection of its own, in one snapshot.</summary>
    public T Read<T>(Func<SqliteDatabase, T> read)
    {
        if (_disposed) throw new TidelineException(ErrorCode.ShuttingDown, "The view store is closed.");
        if (!_idle.TryTake(out var database)) database = SqliteDatabase.OpenReader(path, cacheKib: 4_096);
        try
        {
            return read(database);
        }
        catch (TidelineException fault) when (IsMissingTable(fault))
        {
            throw new TidelineException(ErrorCode.NotFound, fault.Message, fault);
        }
        finally
        {
            if (_disposed || _idle.Count >= SqliteViewLimits.Readers) database.Dispose();
            else _idle.Add(database);
        }
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

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var database)) database.Dispose();
    }
}
