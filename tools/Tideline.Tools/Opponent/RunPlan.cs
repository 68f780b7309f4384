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

    /// <summary>What it does more of than others.</summary>
    public RunFocus Focus { get; init; }

    /// <summary>How many times as often as else calls to engines fail.</summary>
    public int FaultRate { get; init; } = 1;

    /// <summary>The longest pause between two disturbances, ms.</summary>
    public int DisturbMs { get; init; } = 3_000;

    /// <summary>What most disturbances are; none: any kind.</summary>
    public FaultKinds Mostly { get; init; }

    /// <summary>How many of a hundred outages are longer than any deadline.</summary>
    public int LongPercent { get; init; } = 12;

    /// <summary>In how many of a hundred cases somebody does something beside a request.</summary>
    public int BesidePercent { get; init; } = 38;

    /// <summary>In how many of a hundred cases what was written is read at once.</summary>
    public int FollowPercent { get; init; } = 35;

    /// <summary>In how many of a hundred cases an operator does something.</summary>
    public int OperatorPercent { get; init; } = 4;

    /// <summary>In how many of a hundred cases an account pays all that it has.</summary>
    public int PayAllPercent { get; init; } = 30;

    /// <summary>The accounts that are opened first; 0: some.</summary>
    public int Accounts { get; init; }

    /// <summary>What is done far more often.</summary>
    public IReadOnlyList<Move> Often { get; init; } = [];

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
        var plan = new RunPlan(seed, shards, nodes, groups, 3 + random.Below(6), operations, faults);
        return RunFocuses.Apply(
            plan, random.Percent(50) ? RunFocus.None : (RunFocus)(1 + random.Below(RunFocuses.Count - 1)), random);
    }

    public override string ToString() =>
        $"seed {Seed}: {Shards} shards, {Nodes} nodes, {Groups} groups, {Clients} clients, "
        + $"{Operations - Without.Count} operations, "
        + $"focus: {Focus}, faults: {Faults}".ToLowerInvariant();
}
