namespace Tideline.Projections;

/// <summary>
/// How far a rebuild is: <paramref name="Phase"/> <c>idle</c>, <c>building</c>, <c>comparing</c>, <c>switched</c>, <c>refused</c> or <c>failed</c>. Events count over all shards.
/// Customer documents are compared at equal clocks; <paramref name="Blocked"/> ones wait for dead letters in the live version and are not judged.
/// </summary>
public sealed record RebuildStatus(
    string Phase, int Version, long EventsApplied, long EventsTotal, long Compared, long Differing, long Blocked, IReadOnlyList<string> DifferingIds, string? Message)
{
    internal static RebuildStatus Idle { get; } = new("idle", 0, 0, 0, 0, 0, 0, [], null);
}

/// <summary>A rebuild under way, kept so that a restart goes on with it.</summary>
public sealed record RebuildState(int Version, int Schema, long StartedUs);
