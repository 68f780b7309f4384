using Tideline.Kernel;
using Tideline.Node;
using Tideline.Tools.Load;

namespace Tideline.Tools;

/// <summary>How a scenario is to run.</summary>
public sealed record BenchOptions
{
    private const double MostWarmUpSeconds = 10;

    /// <summary>How long each figure is measured, seconds.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>Accounts of the installation; null: each scenario's own sizes.</summary>
    public int? Accounts { get; init; }

    /// <summary>Shards of the installation: as many as <c>up</c> would make here, unless told.</summary>
    public int Shards { get; init; } = ShardMap.DefaultShards;

    /// <summary>The servers of the cluster profile; null: the embedded engines.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>
    /// Whether transfers are measured on a lone MySQL server and on a semi-synchronous group, side by side, on servers
    /// of the bench's own.
    /// </summary>
    public bool SemiSync { get; init; }

    /// <summary>Where to write the JSON report; null for nowhere.</summary>
    public string? JsonFile { get; init; }

    /// <summary>The program's executable; null: beside the running one.</summary>
    public string? HostPath { get; init; }

    /// <summary>A folder to keep the data in; null: a temporary one.</summary>
    public string? DataFolder { get; init; }

    /// <summary>How long each figure of a baseline is measured.</summary>
    internal TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    /// <summary>
    /// How long a load on the program runs. The runtime compiles what is hot in the background while it runs, on these
    /// processors; a service that runs for days is measured after that.
    /// </summary>
    internal LoadTime Load => new(TimeSpan.FromSeconds(Math.Min(Seconds, MostWarmUpSeconds)), Duration);
}
