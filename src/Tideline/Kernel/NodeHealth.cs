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

/// <summary>
/// The one place where parts of a node say what is wrong with them. Probes, metrics and alarms read it; a fault of any scope also
/// shows in <c>/health/detail</c>.
/// </summary>
public sealed class NodeHealth
{
    private readonly ConcurrentDictionary<string, (FaultScope Scope, Func<string?> Check)> _checks = new(StringComparer.Ordinal);

    /// <summary>Registers a part, or replaces its check.</summary>
    /// <param name="part">The part's name, as operators read it: "clock", "relay", "views of shard 0".</param>
    /// <param name="scope">What its fault keeps the node from.</param>
    /// <param name="check">Answers null while all is well, else a sentence. It answers at once, from memory, and does not throw.</param>
    public void Register(string part, FaultScope scope, Func<string?> check) => _checks[part] = (scope, check);

    /// <summary>Names of all registered parts, in order.</summary>
    public IReadOnlyList<string> Parts => [.. _checks.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Every fault there is now, in the order of part names.</summary>
    public IReadOnlyList<NodeFault> Faults()
    {
        var faults = new List<NodeFault>();
        foreach (var (part, (scope, check)) in _checks.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (check() is { } sentence) faults.Add(new NodeFault(part, scope, sentence));
        }

        return faults;
    }
}
