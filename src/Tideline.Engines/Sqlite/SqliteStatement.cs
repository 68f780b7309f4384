using System.Runtime.InteropServices;
using System.Text;
using SQLitePCL;
using Tideline.Kernel;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// A prepared statement. Bind in order with <c>Bind</c> (1 to n), then <see cref="Run"/> for no rows or
/// <see cref="Step"/> while there are rows, then <see cref="Reset"/>. <see cref="Run"/> resets by itself. Ids are
/// 16-byte blobs, big-endian, so that they sort by time.
/// </summary>
internal sealed unsafe class SqliteStatement : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly sqlite3_stmt _owner;

    // Zero once disposed: SQLite returns "misuse" for a null statement instead of accessing freed memory.
    private nint _statement;

    // One slot of 16 bytes per parameter: an id is bound in place, without a copy on SQLite's heap.
    private byte* _ids;
    private int _next = 1;

    public SqliteStatement(SqliteDatabase database, sqlite3_stmt statement)
    {
        (_database, _owner, _statement) = (database, statement, statement.DangerousGetHandle());
        _ids = (byte*)NativeMemory.Alloc((nuint)(SqliteNative.ParameterCount(_statement) + 1) * 16);
    }

    public SqliteStatement Bind(long value)
    {
        var code = SqliteNative.BindLong(_statement, _next++, value);
        return code == raw.SQLITE_OK ? this : Fail(code);
    }

    public SqliteStatement Bind(long? value) => value is { } number ? Bind(number) : BindNull();

    public SqliteStatement Bind(Guid value)
    {
        if (_statement == 0) return Fail(raw.SQLITE_MISUSE);
        var slot = _ids + (_next - 1) * 16;
        value.TryWriteBytes(new Span<byte>(slot, 16), bigEndian: true, out _);
        var code = SqliteNative.BindBlob(_statement, _next++, slot, 16, SqliteNative.Static);
        return code == raw.SQLITE_OK ? this : Fail(code);
    }

    public SqliteStatement Bind(Guid? value) => value is { } id ? Bind(id) : BindNull();

    public SqliteStatement Bind(ReadOnlySpan<byte> value)
    {
        int code;
        // An empty blob still needs an address: SQLite treats a null pointer as NULL.
        var none = (byte)0;
        fixed (byte* bytes = value) code = SqliteNative.BindBlob(
            _statement, _next++, value.IsEmpty ? &none : bytes, value.Length, SqliteNative.Transient);
        return code == raw.SQLITE_OK ? this : Fail(code);
    }

    public SqliteStatement Bind(string? value)
    {
        if (value is null) return BindNull();
        Span<byte> utf8 = value.Length <= 256
            ? stackalloc byte[value.Length * 3 + 1]
            : new byte[Encoding.UTF8.GetMaxByteCount(value.Length)];
        var length = Encoding.UTF8.GetBytes(value, utf8);
        int code;
        fixed (byte* bytes = utf8) code = SqliteNative.BindText(
            _statement, _next++, bytes, length, SqliteNative.Transient);
        return code == raw.SQLITE_OK ? this : Fail(code);
    }

    public SqliteStatement BindNull()
    {
        var code = SqliteNative.BindNull(_statement, _next++);
        return code == raw.SQLITE_OK ? this : Fail(code);
    }

    /// <summary>Runs to the end and resets.</summary>
    public void Run()
    {
        while (Step())
        {
        }

        Reset();
    }

    /// <summary>Moves to the next row. Call <see cref="Reset"/> when done; after a fault it resets by itself.</summary>
    /// <returns>False at the end.</returns>
    public bool Step()
    {
        var code = SqliteNative.Step(_statement);
        if (code == raw.SQLITE_ROW) return true;
        if (code != raw.SQLITE_DONE) Fail(code);
        return false;
    }

    public void Reset()
    {
        // The fault, if there was one, was reported by Step; reset only repeats its code.
        _ = SqliteNative.Reset(_statement);
        _next = 1;
    }

    public long Long(int column) => SqliteNative.ColumnLong(_statement, column);

    public int Int(int column) => (int)SqliteNative.ColumnLong(_statement, column);

    public bool IsInteger(int column) => SqliteNative.ColumnType(_statement, column) == raw.SQLITE_INTEGER;

    public bool IsNull(int column) => SqliteNative.ColumnType(_statement, column) == raw.SQLITE_NULL;

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    /// <exception cref="TidelineException">Corrupt: it does not have the length of an id.</exception>
    public Guid Id(int column)
    {
        var bytes = Span(column);
        return bytes.Length == 16
            ? new Guid(bytes, bigEndian: true)
            : throw new TidelineException(ErrorCode.Corrupt, $"A row has an id of {bytes.Length} bytes, not 16.")
            {
                IsOfOneRow = true,
            };
    }

    public Guid? IdOrNull(int column) => IsNull(column) ? null : Id(column);

    public byte[] Bytes(int column) => Span(column).ToArray();

    /// <summary>The bytes of the column (for text: UTF-8), valid until the next step.</summary>
    public ReadOnlySpan<byte> Span(int column)
    {
        // SQLite's documentation requires this order: first the pointer, then the length.
        var bytes = SqliteNative.ColumnBlob(_statement, column);
        return new ReadOnlySpan<byte>(bytes, SqliteNative.ColumnBytes(_statement, column));
    }

    public string Text(int column)
    {
        var utf8 = SqliteNative.ColumnText(_statement, column);
        return Encoding.UTF8.GetString(utf8, SqliteNative.ColumnBytes(_statement, column));
    }

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose()
    {
        if (_statement == 0) return;
        _statement = 0;
        raw.sqlite3_finalize(_owner);
        _owner.Dispose();
        NativeMemory.Free(_ids);
        _ids = null;
    }

    private SqliteStatement Fail(int code)
    {
        try
        {
            _database.Check(code);
        }
        finally
        {
            Reset();
        }

        return this;
    }
}
