namespace Tideline.Projections;

/// <summary>
/// How far a rebuild is: <paramref name="Phase"/> <c>idle</c>, <c>waiting</c> (for the rebuild of another
/// projection), <c>building</c>, <c>comparing</c>, <c>switched</c>,
/// <c>refused</c> or <c>failed</c>. Events count over all shards.
/// </summary>
public sealed record RebuildStatus(string Phase,
    int Version, long EventsApplied, long EventsTotal, IReadOnlyList<ComparedCollection> Collections, string? Message)
{
    /// <summary>Documents compared, over all collections.</summary>
    public long Compared => Collections.Sum(collection => collection.Compared);

    /// <summary>Documents that differ, over all collections.</summary>
    public long Differing => Collections.Sum(collection => collection.Differing);

    /// <summary>Documents that were not judged, over all collections.</summary>
    public long Blocked => Collections.Sum(collection => collection.Blocked);

    internal static RebuildStatus Idle { get; } = new("idle", 0, 0, 0, [], null);
}

/// <summary>
/// A collection of the rebuilt views beside the live one. <paramref name="Blocked"/> documents wait for dead letters in
/// the live version and are not judged;
/// <paramref name="DifferingIds"/> names the first that differ.
/// </summary>
public sealed record ComparedCollection(
    string Name, long Compared, long Differing, long Blocked, IReadOnlyList<string> DifferingIds);
