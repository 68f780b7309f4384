using Tideline.Tools.Load;
using Tideline.Tools.Simulation.Faults;

namespace Tideline.Tools.Opponent;

/// <summary>What one seed's run is: everything that is drawn before it begins.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Shards">The shards of the installation.</param>
/// <param name="Nodes">Its nodes; one alone runs as the embedded profile does.</param>
/// <param name="Groups">The groups of servers; 0: each shard is a file of its own.</param>
/// <param name="Clients">The clients at once.</param>
/// <param name="Operations">The operations of all clients.</param>
/// <param name="Faults">What may go wrong.</param>
internal sealed record RunPlan(
    ulong Seed, int Shards, int Nodes, int Groups, int Clients, int Operations, FaultKinds Faults)
{
    /// <summary>The operations that are left out, by number: what a shorter history does without.</summary>
    public IReadOnlySet<int> Without { get; init; } = new HashSet<int>();

    /// <summary>The disturbances that are left out, by number.</summary>
    public IReadOnlySet<int> Calm { get; init; } = new HashSet<int>();

    /// <summary>The longest pause of a client between two operations, µs.</summary>
    public int ThinkUs { get; init; } = OpponentLimits.ThinkUs;

    /// <summary>Whether the bank takes transactions of several legs.</summary>
    public bool HasJournals { get; init; } = true;

    /// <summary>Another order of the same steps.</summary>
    public ulong Variant { get; init; }

    /// <summary>The plan of a seed.</summary>
    public static RunPlan Of(ulong seed, int operations)
    {
        var random = new SeededRandom(seed);
        var nodes = random.Below(3) switch { 0 => 1, 1 => 2, _ => 3 };
        var shards = 1 + random.Below(4);
        var groups = nodes == 1 ? 0 : 1 + random.Below(2);
        // Each kind in half of the runs, slow calls in more: what takes time is what others meet under way. Every
        // eighth run has none.
        var faults = FaultKinds.None;
        for (var kind = 1; kind < (int)FaultKinds.All; kind <<= 1)
            if (random.Percent(kind == (int)FaultKinds.Slow ? 75 : 50)) faults |= (FaultKinds)kind;
        if (random.Below(8) == 0) faults = FaultKinds.None;
        if (nodes == 1) faults &= ~(FaultKinds.Network | FaultKinds.Pauses | FaultKinds.Skew);
        return new RunPlan(seed, shards, nodes, groups, 3 + random.Below(6), operations, faults);
    }

    public override string ToString() =>
        $"seed {Seed}: {Shards} shards, {Nodes} nodes, {Groups} groups, {Clients} clients, "
        + $"{Operations - Without.Count} operations, faults: {Faults}";
}
