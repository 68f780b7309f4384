using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Gateway.Http;

/// <summary>Times in the format of RFC 3339.</summary>
internal static class Timestamp
{
    private const string Written = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
    private static readonly string[] Read =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd"];

    /// <summary>Parses a time with its offset, or a date, meaning midnight UTC.</summary>
    /// <remarks>T and Z may be lower case: RFC 3339, 5.6.</remarks>
    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text.ToUpperInvariant(), Read, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    /// <summary>Microseconds since 1970 as UTC text.</summary>
    public static string Write(long us) => Write(Clock.FromUs(us));

    /// <summary>A time as UTC text.</summary>
    public static string Write(DateTimeOffset time) => time.UtcDateTime.ToString(Written, CultureInfo.InvariantCulture);
}
