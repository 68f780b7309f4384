using System.Globalization;

namespace Tideline.Kernel;

/// <summary>A count with its noun: <c>1 customer</c>, <c>2 customers</c>.</summary>
internal static class Counted
{
    public static string Of(long count, string noun, string? nouns = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? noun : nouns ?? noun + "s")}");
}
