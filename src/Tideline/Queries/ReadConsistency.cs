using System.Globalization;
using Tideline.Kernel;

namespace Tideline.Queries;

/// <summary>How fresh a read must be.</summary>
public enum ConsistencyLevel
{
    /// <summary>Whatever the view contains.</summary>
    Eventual,

    /// <summary>Not staler than a number of milliseconds.</summary>
    Bounded,

    /// <summary>Not older than a token.</summary>
    Session,

    /// <summary>Everything that is committed.</summary>
    Strong,
}

/// <summary>
/// A level with its parameter: <paramref name="BoundMs"/> for bounded, <paramref name="Positions"/> for session.
/// </summary>
public sealed record ReadConsistency(ConsistencyLevel Level, int BoundMs, IReadOnlyList<Position> Positions)
{
    /// <summary>Whatever the view contains.</summary>
    public static ReadConsistency Eventual { get; } = new(ConsistencyLevel.Eventual, 0, []);

    /// <summary>Everything that is committed.</summary>
    public static ReadConsistency Strong { get; } = new(ConsistencyLevel.Strong, 0, []);

    /// <summary>Not staler than <paramref name="ms"/>.</summary>
    public static ReadConsistency Bounded(int ms) => new(ConsistencyLevel.Bounded, ms, []);

    /// <summary>Not older than these positions.</summary>
    public static ReadConsistency Session(IReadOnlyList<Position> positions) =>
        new(ConsistencyLevel.Session, 0, positions);

    /// <summary>
    /// Parses the headers <c>Tideline-Consistency</c> and <c>Tideline-Token</c>. Default: session if there is a token,
    /// else eventual. Session without a token requires no position, and is eventual.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: none of the four levels, or a bad bound or token.</exception>
    public static ReadConsistency Parse(string? consistency, string? token, TokenScope scope)
    {
        var asked = string.IsNullOrEmpty(consistency)
            ? (string.IsNullOrEmpty(token) ? "eventual" : "session") : consistency.Trim();
        if (asked == "eventual") return Eventual;
        if (asked == "strong") return Strong;
        if (asked == "session")
            return string.IsNullOrEmpty(token) ? Eventual : Session(ConsistencyToken.Parse(token, scope));
        if (asked.StartsWith("bounded=", StringComparison.Ordinal) && int.TryParse(
            asked.AsSpan(8), NumberStyles.None, CultureInfo.InvariantCulture, out var ms)) return Bounded(ms);
        throw new TidelineException(
            ErrorCode.InvalidInput, "Tideline-Consistency must be eventual, bounded=MS, session or strong.");
    }
}
