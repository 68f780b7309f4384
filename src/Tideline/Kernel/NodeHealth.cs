using System.Collections.Concurrent;

namespace Tideline.Kernel;

/// <summary>What a fault keeps a node from.</summary>
public enum FaultScope
{
    /// <summary>The node can take no command: <c>/health/ready</c> answers 503.</summary>
    Commands,

    /// <summary>Views are not within their bound: <c>/health/fresh</c> answers 503.</summary>
    Freshness,

    /// <summary>A shard, part, view or topic needs attention: <c>/health/detail</c> answers 503.</summary>
    Detail,
}

/// <summary>A fault of a part of the node. <paramref name="Sentence"/> says what is wrong and what heals it.</summary>
public sealed record NodeFault(string Part, FaultScope Scope, string Sentence);

/// <summary>A part as it is now; <paramref name="Fault"/> is null while all is well.</summary>
public sealed record PartHealth(string Part, FaultScope Scope, string? Fault);

/// <summary>
/// The one place where parts of a node say what is wrong with them. Probes, metrics and alarms read it; a fault of any
/// scope also shows in <c>/health/detail</c>.
/// </summary>
public sealed class NodeHealth
{
    private readonly ConcurrentDictionary<string, (FaultScope Scope, Func<string?> Check)> _checks = new(
        StringComparer.Ordinal);

    /// <summary>Registers a part, or replaces its check.</summary>
    /// <param name="part">The part's name, as operators read it: "clock", "relay", "customers of shard 0".</param>
    /// <param name="scope">What its fault keeps the node from.</param>
    /// <param name="check">Answers null while all is well, else a sentence. It answers at once, from memory, and does
    /// not throw.</param>
    public void Register(string part, FaultScope scope, Func<string?> check) => _checks[part] = (scope, check);

    /// <summary>Names of all registered parts, in order.</summary>
    public IReadOnlyList<string> Parts => [.. _checks.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Every part as it is now, in the order of names.</summary>
    public IReadOnlyList<PartHealth> Checks() =>
        [.. _checks.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => new PartHealth(entry.Key, entry.Value.Scope, Ask(entry.Value.Check)))];

    /// <summary>Every fault there is now, in the order of part names.</summary>
    public IReadOnlyList<NodeFault> Faults() =>
        [.. Checks().Where(part => part.Fault is not null)
            .Select(part => new NodeFault(part.Part, part.Scope, part.Fault!))];

    // A check that throws is a fault, and keeps no other from being seen.
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
