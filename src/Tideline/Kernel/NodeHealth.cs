using System.Collections.Concurrent;

namespace Tideline.Kernel;

/// <summary>What a fault prevents a node from doing.</summary>
public enum FaultScope
{
    /// <summary>The node can take no command: <c>/health/ready</c> answers 503.</summary>
    Commands,

    /// <summary>The views are staler than their bound: <c>/health/fresh</c> answers 503.</summary>
    Freshness,

    /// <summary>A shard, part, view or topic needs attention: <c>/health/detail</c> answers 503.</summary>
    Detail,
}

/// <summary>A fault of a part of the node. <paramref name="Sentence"/> says what is wrong and how to fix it.</summary>
public sealed record NodeFault(string Part, FaultScope Scope, string Sentence);

/// <summary>The present health of a part; <paramref name="Fault"/> is null while the part works.</summary>
public sealed record PartHealth(string Part, FaultScope Scope, string? Fault);

/// <summary>
/// Collects the faults of all parts of a node. Probes, metrics and alarms read it; a fault of any scope also shows in
/// <c>/health/detail</c>.
/// </summary>
public sealed class NodeHealth
{
    private readonly ConcurrentDictionary<string, (FaultScope Scope, Func<string?> Check)> _checks = new(
        StringComparer.Ordinal);

    /// <summary>Registers a part, or replaces its check.</summary>
    /// <param name="part">The part's name, as shown to operators: "clock", "relay", "customers of shard 0".</param>
    /// <param name="scope">What its fault prevents the node from doing.</param>
    /// <param name="check">Returns null while the part works, else a sentence. It answers at once, from memory, and
    /// does not throw.</param>
    public void Register(string part, FaultScope scope, Func<string?> check) => _checks[part] = (scope, check);

    /// <summary>Names of all registered parts, in order.</summary>
    public IReadOnlyList<string> Parts => [.. _checks.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The present health of every part, in the order of names.</summary>
    public IReadOnlyList<PartHealth> Checks() =>
        [.. _checks.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => new PartHealth(entry.Key, entry.Value.Scope, Ask(entry.Value.Check)))];

    /// <summary>All present faults, in the order of part names.</summary>
    public IReadOnlyList<NodeFault> Faults() =>
        [.. Checks().Where(part => part.Fault is not null)
            .Select(part => new NodeFault(part.Part, part.Scope, part.Fault!))];

    // A check that throws counts as a fault and does not hide the others.
    private static string? Ask(Func<string?> check)
    {
        try
        {
            return check();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return $"Its check failed: {fault.Message}";
        }
    }
}
