using System.Collections.Concurrent;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// Read connections to one file. No thread waits: if none is idle, a new one is opened, and connections beyond
/// <see cref="Kept"/> are closed on return.
/// </summary>
internal sealed class ReaderPool(string path) : IDisposable
{
    private const int Kept = 4;

    private readonly ConcurrentBag<SqliteDatabase> _idle = [];
    private volatile bool _disposed;

    /// <summary>Runs a read on a separate connection.</summary>
    public T Read<T>(Func<SqliteDatabase, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_idle.TryTake(out var database)) database = SqliteDatabase.OpenReader(path);
        try
        {
            return read(database);
        }
        finally
        {
            Return(database);
        }
    }

    /// <summary>Runs several reads in one snapshot.</summary>
    public T ReadSnapshot<T>(Func<SqliteDatabase, T> read) => Read(database =>
    {
        database.Prepare("BEGIN").Run();
        try
        {
            return read(database);
        }
        finally
        {
            database.Rollback();
        }
    });

    public void Dispose()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        CloseIdle();
    }

    private void Return(SqliteDatabase database)
    {
        if (_disposed || _idle.Count >= Kept) database.Dispose();
        else _idle.Add(database);
        // The pool may have been closed just now, and have found nothing idle. Either Dispose finds the connection, or
        // this finds the pool closed: each writes before its barrier and reads after it.
        Interlocked.MemoryBarrier();
        if (_disposed) CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out var database)) database.Dispose();
    }
}
