using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Peers;
using Tideline.Projections;
using Tideline.Services;

namespace Tideline.Engines;

/// <summary>How a node runs.</summary>
public sealed record NodeOptions
{
    /// <summary>
    /// The data folder; made if it is not there. In the cluster profile it holds files that were taken in and are not
    /// settled yet, and nothing else.
    /// </summary>
    public required string DataDirectory { get; init; }

    /// <summary>The servers of the cluster profile; null: the embedded engines.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>
    /// How commands get to another process of the installation that owns their shard; null: they are refused. With it
    /// this process owns nothing until
    /// <see cref="TidelineNode.BecomeReachable"/>.
    /// </summary>
    public CommandTransport? Carry { get; init; }

    /// <summary>
    /// Number of shards when the data is made; null: what the data has, or <see cref="DefaultShards"/>.
    /// </summary>
    public int? Shards { get; init; }

    /// <summary>
    /// Shards of new data: one for every two processors, at least 1 and at most 16. A shard's writer keeps one
    /// processor busy, and what follows it the other (docs/decisions/0008).
    /// </summary>
    public static int DefaultShards => Math.Clamp(Environment.ProcessorCount / 2, 1, 16);

    /// <summary>Whether the views run too.</summary>
    public bool WithViews { get; init; } = true;

    /// <summary>What the views are.</summary>
    public IReadOnlyList<ProjectionDefinition> Projections { get; init; } = ServiceProjections.All;

    /// <summary>How long the start waits for log and views, which are opened in the background; null: until each was
    /// tried once.</summary>
    public TimeSpan? OpenPatience { get; init; }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether the clock is right at the start, however old the newest event is by it.</summary>
    public bool AcceptClock { get; init; }

    /// <summary>Seed of ids; null: random.</summary>
    public ulong? IdSeed { get; init; }

    /// <summary>Where log lines go.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>How long the log keeps what everybody has read.</summary>
    public TimeSpan LogRetention { get; init; } = TimeSpan.FromDays(Limits.LogRetentionDays);

    // Apart from those of an embedded node that used the folder before.
    internal string ImportDirectory => Cluster is null
        ? Path.Combine(DataDirectory, "imports")
        : Path.Combine(DataDirectory, "cluster", "imports");
}
