namespace Tideline.Kernel;

/// <summary>What two vector clocks are to each other (Fidge and Mattern, 1988).</summary>
public enum ClockOrder
{
    /// <summary>Both know the same.</summary>
    Equal,

    /// <summary>The first lacks what the second knows, and knows nothing else.</summary>
    Behind,

    /// <summary>The first knows all that the second does, and more.</summary>
    Ahead,

    /// <summary>Each knows something that the other lacks.</summary>
    Concurrent,
}

/// <summary>Compares vector clocks: aggregate → version. An aggregate that is not in one has version 0 there.</summary>
public static class VectorClock
{
    /// <summary>What the first is to the second.</summary>
    public static ClockOrder Compare(IReadOnlyDictionary<Guid, long> first, IReadOnlyDictionary<Guid, long> second)
    {
        var isBehind = second.Any(each => first.GetValueOrDefault(each.Key) < each.Value);
        var isAhead = first.Any(each => second.GetValueOrDefault(each.Key) < each.Value);
        return (isBehind, isAhead) switch
        {
            (false, false) => ClockOrder.Equal,
            (true, false) => ClockOrder.Behind,
            (false, true) => ClockOrder.Ahead,
            (true, true) => ClockOrder.Concurrent,
        };
    }
}
