using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using MongoDB.Bson;
using Tideline.Kernel;

namespace Tideline.Engines.Views.Mongo;

/// <summary>
/// Values as MongoDB's own types, and the one text that each of them has: only what comes back from its type letter by
/// letter is stored as it.
/// </summary>
internal static class NativeValue
{
    /// <summary>No currency is known.</summary>
    public const int NoExponent = -1;

    private const int ExponentBias = 6_176;
    private const long MsPerDay = 86_400_000;
    private const int IdCharacters = 36;
    private const int DayCharacters = 10;

    /// <summary>Room for the text of any time.</summary>
    public const int TimeCharacters = 40;

    private static readonly SearchValues<byte> s_capitals = SearchValues.Create("ABCDEF"u8);
    private static readonly DateOnly s_epoch = new(1970, 1, 1);
    private static readonly long s_latest = DateTimeOffset.MaxValue.ToUs();
    private static readonly ConcurrentDictionary<int, int> s_exponents = new();

    /// <summary>Reads an id in small letters with dashes.</summary>
    public static bool TryId(ReadOnlySpan<byte> text, out Guid id)
    {
        id = default;
        return text.Length == IdCharacters && !text.ContainsAny(s_capitals)
            && Utf8Parser.TryParse(text, out id, out var length) && length == text.Length;
    }

    /// <summary>Reads a day as milliseconds since 1970.</summary>
    public static bool TryDay(ReadOnlySpan<byte> text, out long ms)
    {
        ms = 0;
        if (text.Length != DayCharacters || text[4] != '-' || text[7] != '-'
            || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month)
            || !TryDigits(text[8..], out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        ms = (new DateOnly(year, month, day).DayNumber - s_epoch.DayNumber) * MsPerDay;
        return true;
    }

    /// <summary>The day of milliseconds since 1970; false where it is no whole day.</summary>
    public static bool TryDay(long ms, out DateOnly day)
    {
        day = default;
        if (ms % MsPerDay != 0 || ms / MsPerDay + s_epoch.DayNumber is var number
            && (number < 0 || number > DateOnly.MaxValue.DayNumber)) return false;
        day = DateOnly.FromDayNumber((int)(ms / MsPerDay) + s_epoch.DayNumber);
        return true;
    }

    /// <summary>The milliseconds of a BSON date, rounded down.</summary>
    public static long MsOf(long us) => Math.DivRem(us, 1_000, out var rest) + (rest < 0 ? -1 : 0);

    /// <summary>The text of a time, as JSON has it.</summary>
    /// <param name="us">Microseconds since 1970; a time.</param>
    /// <param name="text">Room of <see cref="TimeCharacters"/>.</param>
    /// <returns>The part that was written.</returns>
    public static ReadOnlySpan<byte> TimeText(long us, Span<byte> text)
    {
        Clock.FromUs(us).UtcDateTime.TryFormat(
            text, out var length, "yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        while (text[length - 1] == '0') length--;
        if (text[length - 1] == '.') length--;
        "+00:00"u8.CopyTo(text[length..]);
        return text[..(length + 6)];
    }

    /// <summary>Reads a time that has exactly the text of its microseconds.</summary>
    public static bool TryTime(ReadOnlySpan<byte> text, out long us)
    {
        us = 0;
        Span<char> letters = stackalloc char[TimeCharacters];
        if (text.Length > letters.Length || !Ascii.IsValid(text)) return false;
        Encoding.ASCII.GetChars(text, letters);
        if (!DateTimeOffset.TryParse(letters[..text.Length], CultureInfo.InvariantCulture, out var time)
            || time.Offset != TimeSpan.Zero) return false;
        us = time.ToUs();
        return IsTimeText(us, text);
    }

    /// <summary>Whether microseconds are a time that text can say.</summary>
    public static bool IsTime(long us) => us >= 0 && us <= s_latest;

    /// <summary>Whether a text is exactly that of a time of microseconds.</summary>
    public static bool IsTimeText(long us, ReadOnlySpan<byte> text)
    {
        Span<byte> room = stackalloc byte[TimeCharacters];
        return IsTime(us) && TimeText(us, room).SequenceEqual(text);
    }

    /// <summary>Reads base64 that has exactly the text of its bytes.</summary>
    public static bool TryBytes(ReadOnlySpan<byte> text, out byte[] bytes)
    {
        bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, bytes, out var read, out var length) != OperationStatus.Done
            || read != text.Length) return false;
        bytes = bytes[..length];
        // Bits that mean nothing, and white space, do not come back.
        var again = new byte[Base64.GetMaxEncodedToUtf8Length(length)];
        Base64.EncodeToUtf8(bytes, again, out _, out var written);
        return again.AsSpan(0, written).SequenceEqual(text);
    }

    /// <summary>
    /// How many decimals the minor unit of a currency has; <see cref="NoExponent"/>: no such currency.
    /// </summary>
    public static int ExponentOf(ReadOnlySpan<byte> code)
    {
        if (code.Length != 3) return NoExponent;
        var key = code[0] << 16 | code[1] << 8 | code[2];
        if (s_exponents.TryGetValue(key, out var exponent)) return exponent;
        if (!Currency.TryParse(Encoding.UTF8.GetString(code), out var currency)) return NoExponent;
        return s_exponents[key] = currency.Exponent;
    }

    /// <summary>The amount in major units.</summary>
    public static Decimal128 Major(decimal minor, int exponent)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(minor, parts);
        var sign = minor < 0 ? 1UL << 63 : 0;
        // IEEE 754-2008, binary integer significand: sign, exponent with bias 6176, significand of 113 bits.
        return unchecked(Decimal128.FromIEEEBits(
            sign | (ulong)(ExponentBias - exponent) << 49 | (uint)parts[2],
            (ulong)(uint)parts[1] << 32 | (uint)parts[0]));
    }

    /// <summary>A whole number that is a decimal of .NET; false for another.</summary>
    public static bool TryWhole(Decimal128 number, out decimal whole)
    {
        var (high, low) = (number.GetIEEEHighBits(), number.GetIEEELowBits());
        whole = 0;
        var significand = high & ((1UL << 49) - 1);
        if ((high >> 49 & 0x3FFF) != ExponentBias || significand > uint.MaxValue) return false;
        whole = unchecked(new decimal((int)low, (int)(low >> 32), (int)significand, high >> 63 != 0, 0));
        return whole != 0;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit)) return false;
            number = number * 10 + (digit - '0');
        }

        return true;
    }
}
