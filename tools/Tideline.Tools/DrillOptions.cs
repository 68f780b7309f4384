using Tideline.Node;

namespace Tideline.Tools;

/// <summary>How a drill is to run.</summary>
public sealed record DrillOptions
{
    /// <summary>
    /// How often the program is killed. With at least as many kills as named points, each point is visited.
    /// </summary>
    public int Kills { get; init; } = 25;

    /// <summary>How often the primary is struck, in the drills that strike one.</summary>
    public int Runs { get; init; } = 20;

    /// <summary>How long an engine is away, seconds, in the drill that takes them away.</summary>
    public int DownSeconds { get; init; } = 60;

    /// <summary>Repeats the requests and the kills of an earlier run (their interleaving is the machine's).</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The faults that the drill opponent makes, by name; none: all that can be made.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>For how long the drill opponent begins another round of faults, minutes.</summary>
    public double Minutes { get; init; }

    /// <summary>Whether the drill opponent starts servers of its own.</summary>
    public bool OwnServers { get; init; }

    /// <summary>The file for the drill opponent's history, also if the drill cannot end; null: none.</summary>
    public string? HistoryFile { get; init; }

    /// <summary>Clients at once.</summary>
    public int Connections { get; init; } = 32;

    /// <summary>Shards of the installation.</summary>
    public int Shards { get; init; } = 2;

    /// <summary>The servers of the cluster profile; null: the embedded engines.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>Where to write the JSON report; null for nowhere.</summary>
    public string? JsonFile { get; init; }

    /// <summary>The program's executable; null: beside the running one.</summary>
    public string? HostPath { get; init; }

    /// <summary>A folder to keep the data in; null: a temporary one.</summary>
    public string? DataFolder { get; init; }
}
