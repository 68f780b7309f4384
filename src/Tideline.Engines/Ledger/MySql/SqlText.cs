using System.Globalization;
using System.Text;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The text of one round trip: several statements with their values as literals, built in a buffer that is kept from
/// batch to batch. Sessions run with NO_BACKSLASH_ESCAPES, so in a quoted literal only the quote itself is written
/// twice.
/// </summary>
internal sealed class SqlText
{
    private const int LongestNumber = 20;
    private char[] _text = new char[64 * 1024];
    private int _length;

    public int Length => _length;

    public override string ToString() => new(_text, 0, _length);

    public SqlText Clear()
    {
        _length = 0;
        return this;
    }

    public SqlText Add(ReadOnlySpan<char> sql)
    {
        sql.CopyTo(Room(sql.Length));
        _length += sql.Length;
        return this;
    }

    /// <summary>Takes back the last characters: a comma too many.</summary>
    public SqlText Back(int characters)
    {
        _length -= characters;
        return this;
    }

    public SqlText Value(long number)
    {
        number.TryFormat(Room(LongestNumber), out var written, default, CultureInfo.InvariantCulture);
        _length += written;
        return this;
    }

    public SqlText Value(long? number) => number is { } there ? Value(there) : Add("NULL");

    /// <summary>As 16 bytes in the order in which ids are written and sort: BINARY(16).</summary>
    public SqlText Value(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return Hex(bytes);
    }

    public SqlText Value(Guid? id) => id is { } there ? Value(there) : Add("NULL");

    public SqlText Value(string? text)
    {
        if (text is null) return Add("NULL");
        Add("'");
        if (text.Contains('\'', StringComparison.Ordinal)) Add(text.Replace("'", "''", StringComparison.Ordinal));
        else Add(text);
        return Add("'");
    }

    /// <summary>
    /// Plain text, as nearly all JSON is, goes in as it stands; anything else as digits, twice as long.
    /// </summary>
    public SqlText Value(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0) return Add("''");
        if (bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~') || bytes.Contains((byte)'\'')) return Hex(bytes);
        Add("'");
        Encoding.ASCII.GetChars(bytes, Room(bytes.Length));
        _length += bytes.Length;
        return Add("'");
    }

    private SqlText Hex(ReadOnlySpan<byte> bytes)
    {
        Add("0x");
        Convert.TryToHexString(bytes, Room(2 * bytes.Length), out var written);
        _length += written;
        return this;
    }

    private Span<char> Room(int characters)
    {
        if (_length + characters > _text.Length)
            Array.Resize(ref _text, Math.Max(2 * _text.Length, _length + characters));
        return _text.AsSpan(_length);
    }
}
