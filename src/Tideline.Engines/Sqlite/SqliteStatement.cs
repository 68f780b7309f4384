using SQLitePCL;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// A prepared statement. Bind in order with <c>Bind</c> (1 to n), then <see cref="Run"/> for no rows or <see cref="Step"/> while there are
/// rows, then <see cref="Reset"/>. <see cref="Run"/> resets by itself. Ids are 16-byte blobs, big-endian, so that they sort by time.
/// </summary>
internal sealed class SqliteStatement(SqliteDatabase database, sqlite3_stmt statement) : IDisposable
{
    private int _next = 1;

    public SqliteStatement Bind(long value)
    {
        database.Check(raw.sqlite3_bind_int64(statement, _next++, value));
        return this;
    }

    public SqliteStatement Bind(long? value) => value is { } number ? Bind(number) : BindNull();

    public SqliteStatement Bind(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Bind(bytes);
    }

    public SqliteStatement Bind(Guid? value) => value is { } id ? Bind(id) : BindNull();

    public SqliteStatement Bind(ReadOnlySpan<byte> value)
    {
        database.Check(raw.sqlite3_bind_blob(statement, _next++, value));
        return this;
    }

    public SqliteStatement Bind(string? value)
    {
        if (value is null) return BindNull();
        database.Check(raw.sqlite3_bind_text(statement, _next++, value));
        return this;
    }

    public SqliteStatement BindNull()
    {
        database.Check(raw.sqlite3_bind_null(statement, _next++));
        return this;
    }

    /// <summary>Runs to the end and resets.</summary>
    public void Run()
    {
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Moves to the next row. Call <see cref="Reset"/> when done.</summary>
    /// <returns>False at the end.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW) return true;
        if (code == raw.SQLITE_DONE) return false;
        try
        {
            database.Check(code);
        }
        finally
        {
            Reset();
        }

        return false;
    }

    public void Reset()
    {
        // The fault, if there was one, was reported by Step; reset only repeats its code.
        _ = raw.sqlite3_reset(statement);
        _next = 1;
    }

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public int Int(int column) => (int)raw.sqlite3_column_int64(statement, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public Guid Id(int column) => new(raw.sqlite3_column_blob(statement, column), bigEndian: true);

    public Guid? IdOrNull(int column) => IsNull(column) ? null : Id(column);

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    /// <summary>The bytes of the column, valid until the next step.</summary>
    public ReadOnlySpan<byte> Span(int column) => raw.sqlite3_column_blob(statement, column);

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose()
    {
        raw.sqlite3_finalize(statement);
        statement.Dispose();
    }
}
