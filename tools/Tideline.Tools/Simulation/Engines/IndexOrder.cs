using Tideline.Kernel;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// The order of an index: no value before whole numbers before text, and text by its characters; then ids.
/// </summary>
internal sealed class IndexOrder : IComparer<IndexKey>
{
    public static IndexOrder Instance { get; } = new();

    /// <summary>A value as indexes hold it.</summary>
    /// <exception cref="TidelineException">InvalidInput: it is neither text nor a whole number.</exception>
    public static object? ValueOf(object? value) => value switch
    {
        null or string or long => value,
        int number => (long)number,
        _ => throw new TidelineException(
            ErrorCode.InvalidInput, $"An indexed value is text or a whole number, not {value.GetType().Name}."),
    };

    public int Compare(IndexKey x, IndexKey y)
    {
        for (var at = 0; at < Math.Min(x.Values.Length, y.Values.Length); at++)
        {
            if (CompareValues(x.Values[at], y.Values[at]) is not 0 and var values) return values;
        }

        if (x.Values.Length != y.Values.Length) return x.Values.Length < y.Values.Length ? x.Edge : -y.Edge;
        return (x.Id, y.Id) switch
        {
            (null, null) => x.Edge - y.Edge,
            (null, _) => x.Edge,
            (_, null) => -y.Edge,
            _ => string.CompareOrdinal(x.Id, y.Id),
        };
    }

    private static int CompareValues(object? x, object? y) => (x, y) switch
    {
        (long left, long right) => left.CompareTo(right),
        (string left, string right) => string.CompareOrdinal(left, right),
        _ => Rank(x) - Rank(y),
    };

    private static int Rank(object? value) => value switch { null => 0, long => 1, _ => 2 };
}
