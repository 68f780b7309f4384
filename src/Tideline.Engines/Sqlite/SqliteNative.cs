using System.Runtime.InteropServices;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// The calls that happen once per column, made directly to the library that SQLitePCLRaw loads. A bind takes a few
/// nanoseconds, so it skips the reference count on a handle and the switch of the collector's mode; calls that may
/// access the disk keep that switch.
/// </summary>
internal static unsafe partial class SqliteNative
{
    /// <summary>For a bind: the memory stays unchanged until the statement is bound again.</summary>
    public const nint Static = 0;

    /// <summary>For a bind: SQLite copies the memory.</summary>
    public const nint Transient = -1;

    private const string Library = "e_sqlite3";

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64"), SuppressGCTransition]
    public static partial int BindLong(nint statement, int index, long value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob"), SuppressGCTransition]
    public static partial int BindBlob(nint statement, int index, byte* value, int length, nint lifetime);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text"), SuppressGCTransition]
    public static partial int BindText(nint statement, int index, byte* utf8, int length, nint lifetime);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_null"), SuppressGCTransition]
    public static partial int BindNull(nint statement, int index);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_parameter_count"), SuppressGCTransition]
    public static partial int ParameterCount(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    public static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    public static partial int Reset(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64"), SuppressGCTransition]
    public static partial long ColumnLong(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type"), SuppressGCTransition]
    public static partial int ColumnType(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes"), SuppressGCTransition]
    public static partial int ColumnBytes(nint statement, int column);

    // These two may read an overflow page.
    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
    public static partial byte* ColumnBlob(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_text")]
    public static partial byte* ColumnText(nint statement, int column);

    /// <summary>
    /// Registers a callback for the number of frames in the write-ahead log after each commit; it replaces automatic
    /// checkpoints.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "sqlite3_wal_hook")]
    public static partial void* WalHook(
        nint database, delegate* unmanaged[Cdecl]<void*, nint, byte*, int, int> hook, void* argument);
}
