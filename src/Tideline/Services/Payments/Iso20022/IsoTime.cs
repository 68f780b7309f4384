using System.Globalization;

namespace Tideline.Services.Payments.Iso20022;

/// <summary>
/// Parses dates and times whose form was checked before: <see cref="SimpleType"/> "date" and "dateTime".
/// </summary>
internal static class IsoTime
{
    /// <summary>Whether the date exists: no 30 February.</summary>
    public static bool IsCalendarDay(string text) =>
        DateOnly.TryParseExact(text.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None,
            out _);

    /// <summary>The calendar day of a date; its time zone, if any, is ignored.</summary>
    public static DateOnly Day(string date) =>
        DateOnly.ParseExact(date.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The UTC day of a time; a time without a zone is in UTC.</summary>
    public static DateOnly UtcDay(string dateTime)
    {
        var local = DateTime.ParseExact(dateTime.AsSpan(0, 19), "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        var zone = dateTime.AsSpan(19).IndexOfAny('+', '-');
        if (zone < 0) return DateOnly.FromDateTime(local);
        var offset = TimeSpan.ParseExact(dateTime.AsSpan(19 + zone + 1), "hh\\:mm", CultureInfo.InvariantCulture);
        var ticks = local.Ticks - (dateTime[19 + zone] == '-' ? -offset.Ticks : offset.Ticks);
        // Clamp at the first and the last representable day.
        return DateOnly.FromDateTime(new DateTime(Math.Clamp(ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks)));
    }
}
