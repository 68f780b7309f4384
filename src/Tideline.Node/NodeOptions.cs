using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Peers;

namespace Tideline.Node;

/// <summary>The options of a node.</summary>
public sealed record NodeOptions
{
    /// <summary>
    /// The data folder; created if it does not exist. In the cluster profile it holds only accepted files of unfinished
    /// work.
    /// </summary>
    public required string DataDirectory { get; init; }

    /// <summary>The servers of the cluster profile; null: the embedded engines.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>Engines of another kind, as a simulation has; null: those of the profile.</summary>
    internal OwnEngines? Engines { get; init; }

    /// <summary>
    /// Forwards commands to another process of the installation that owns their shard; null: they are refused. If set,
    /// this process owns no shard until <see cref="TidelineNode.BecomeReachable"/>.
    /// </summary>
    public CommandTransport? Carry { get; init; }

    /// <summary>
    /// The number of shards of new data; null: that of existing data, or <see cref="ShardMap.DefaultShards"/>.
    /// </summary>
    public int? Shards { get; init; }

    /// <summary>Whether the node also runs the views.</summary>
    public bool WithViews { get; init; } = true;

    /// <summary>
    /// How long the start waits for log and views, which are opened in the background; null: until the first attempt at
    /// each has ended.
    /// </summary>
    public TimeSpan? OpenPatience { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether to trust the clock at the start, however old it makes the newest event.</summary>
    public bool AcceptClock { get; init; }

    /// <summary>Seed of ids; null: random.</summary>
    public ulong? IdSeed { get; init; }

    /// <summary>Creates the loggers.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>How long the log keeps records that every consumer has read.</summary>
    public TimeSpan LogRetention { get; init; } = TimeSpan.FromDays(NodeLimits.LogRetentionDays);

    /// <summary>The services of the node, in the order in which they start.</summary>
    public IReadOnlyList<ServiceRegistration> Services { get; init; } = BankServices.All;

    // The files of services, separate from those of an embedded node that used the folder before.
    internal string ServiceDirectory => Cluster is null ? DataDirectory : Path.Combine(DataDirectory, "cluster");
}
