#pragma warning disable CA2000 // Handles live as long as the connection; Dispose closes them.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;
using Tideline.Kernel;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// One connection to one SQLite file: cached prepared statements, transactions, and faults as
/// <see cref="TidelineException"/>. Not thread-safe. It uses SQLitePCLRaw directly, because ADO.NET's cost per
/// statement is what the group commit saves.
/// </summary>
internal sealed unsafe class SqliteDatabase : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly sqlite3 _handle;
    private bool _durable = true;
    private int* _logFrames;

    static SqliteDatabase() => Batteries_V2.Init();

    private SqliteDatabase(sqlite3 handle, string path) => (_handle, Path) = (handle, path);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>
    /// Opens for writing (creating the file) with WAL and synchronous=FULL: a completed commit is on disk.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable or Corrupt.</exception>
    public static SqliteDatabase OpenWriter(string path, int cacheKib = 65_536)
    {
        var database = Open(path, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        database.Execute("PRAGMA journal_mode=WAL");
        database.Execute("PRAGMA synchronous=FULL");
        database.Execute($"PRAGMA cache_size=-{cacheKib}");
        database.Execute("PRAGMA wal_autocheckpoint=4000");
        database.Execute("PRAGMA journal_size_limit=67108864");
        return database;
    }

    /// <summary>Opens for reading beside a writer; each statement sees the last commit before its start.</summary>
    /// <exception cref="TidelineException">StorageUnavailable or Corrupt.</exception>
    public static SqliteDatabase OpenReader(string path, int cacheKib = 8_192)
    {
        var database = Open(path, raw.SQLITE_OPEN_READWRITE);
        database.Execute("PRAGMA query_only=1");
        database.Execute($"PRAGMA cache_size=-{cacheKib}");
        return database;
    }

    /// <summary>The cached statement for a SQL text; prepared on first use.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var kept)) return kept;
        Check(raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return _statements[sql] = new SqliteStatement(this, statement);
    }

    /// <summary>Runs one statement without parameters to its end.</summary>
    public void Execute(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_handle, sql, out var statement));
        try
        {
            int code;
            while ((code = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            {
            }

            if (code != raw.SQLITE_DONE) Check(code);
        }
        finally
        {
            raw.sqlite3_finalize(statement);
            statement.Dispose();
        }
    }

    /// <summary>Runs several statements, separated by semicolons: for schemas.</summary>
    public void ExecuteScript(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>Rows changed by the last statement.</summary>
    public int Changes => raw.sqlite3_changes(_handle);

    /// <summary>
    /// Begins a transaction and takes the write lock at once. A transaction that is not <paramref name="durable"/>
    /// survives the end of the process like any other. If the machine fails it may be lost, but it is never torn, and
    /// never lost once a later durable transaction has committed.
    /// </summary>
    public void Begin(bool durable = true)
    {
        if (_durable != durable)
        {
            Execute(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
            _durable = durable;
        }

        Prepare("BEGIN IMMEDIATE").Run();
    }

    /// <summary>Commits, as durably as requested in <see cref="Begin"/>.</summary>
    public void Commit() => Prepare("COMMIT").Run();

    /// <summary>Rolls back, if a transaction is open.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_handle) == 0) Prepare("ROLLBACK").Run();
    }

    /// <summary>
    /// Frames in the write-ahead log after the last commit; 0 unless <see cref="WatchLog"/> was called.
    /// </summary>
    public int LogFrames => _logFrames is null ? 0 : *_logFrames;

    /// <summary>Starts counting the frames of the log, and leaves checkpoints to <see cref="Checkpoint"/>.</summary>
    public void WatchLog()
    {
        _logFrames = (int*)NativeMemory.AllocZeroed(sizeof(int));
        SqliteNative.WalHook(_handle.DangerousGetHandle(), &OnCommit, _logFrames);
    }

    /// <summary>
    /// Copies back as much of the log as no reader needs, without waiting. A later call copies the rest.
    /// </summary>
    public void Checkpoint() =>
        _ = raw.sqlite3_wal_checkpoint_v2(_handle, null, raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);

    /// <summary>Copies the whole database into a new file, a number of pages per step.</summary>
    /// <exception cref="TidelineException">StorageUnavailable or Corrupt.</exception>
    public void CopyTo(string target, int stepPages, CancellationToken cancel)
    {
        using var copy = Open(target, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        using var backup = raw.sqlite3_backup_init(copy._handle, "main", _handle, "main");
        int code;
        while ((code = raw.sqlite3_backup_step(backup, stepPages)) == raw.SQLITE_OK)
            cancel.ThrowIfCancellationRequested();
        raw.sqlite3_backup_finish(backup);
        if (code != raw.SQLITE_DONE) copy.Check(code);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _statements.Clear();
        raw.sqlite3_close_v2(_handle);
        _handle.Dispose();
        NativeMemory.Free(_logFrames);
        _logFrames = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnCommit(void* frames, nint database, byte* name, int count)
    {
        *(int*)frames = count;
        return raw.SQLITE_OK;
    }

    internal void Check(int code)
    {
        if (code is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE) return;
        var words = $"{System.IO.Path.GetFileName(Path)}: {raw.sqlite3_errmsg(_handle).utf8_to_string()} (SQLite "
            + $"{raw.sqlite3_extended_errcode(_handle)}).";
        throw (code & 0xFF) switch
        {
            raw.SQLITE_FULL => new TidelineException(ErrorCode.StorageUnavailable, $"The disk is full. {words}"),
            raw.SQLITE_READONLY =>
                new TidelineException(ErrorCode.StorageUnavailable, $"The data folder cannot be written. {words}"),
            raw.SQLITE_IOERR
                or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_NOMEM or raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
                new TidelineException(ErrorCode.StorageUnavailable, $"The storage does not answer. {words}"),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB =>
                new TidelineException(ErrorCode.Corrupt, $"The file is damaged. {words}"),
            _ => new TidelineException(ErrorCode.Internal, words),
        };
    }

    private static SqliteDatabase Open(string path, int flags)
    {
        var code = raw.sqlite3_open_v2(path, out var handle, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        var database = new SqliteDatabase(handle, path);
        try
        {
            database.Check(code);
            database.Check(raw.sqlite3_busy_timeout(handle, 5_000));
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
