using System.Globalization;

namespace Tideline.Tools.Opponent;

/// <summary>Amounts as a client writes them: decimals of a currency.</summary>
internal static class Amounts
{
    /// <summary>The currencies of the load, with different numbers of decimals.</summary>
    public static IReadOnlyList<(string Code, int Decimals)> Currencies { get; } = [("EUR", 2), ("JPY", 0), ("KWD", 3)];

    /// <summary>Minor units as a decimal.</summary>
    public static string Write(long minor, string currency)
    {
        var decimals = Currencies.First(each => each.Code == currency).Decimals;
        var scale = 1L;
        for (var digit = 0; digit < decimals; digit++) scale *= 10;
        return decimals == 0
            ? minor.ToString(CultureInfo.InvariantCulture)
            : string.Create(
                CultureInfo.InvariantCulture, $"{minor / scale}.{(minor % scale).ToString("D" + decimals)}");
    }

    /// <summary>A decimal as minor units: its digits, whatever its currency.</summary>
    public static long Parse(string text) =>
        long.TryParse(text.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out var minor) ? minor : 0;
}
