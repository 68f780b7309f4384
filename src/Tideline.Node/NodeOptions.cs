using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Peers;

namespace Tideline.Node;

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
    /// Number of shards when the data is made; null: what the data has, or <see cref="ShardMap.DefaultShards"/>.
    /// </summary>
    public int? Shards { get; init; }

    /// <summary>Whether the views run too.</summary>
    public bool WithViews { get; init; } = true;

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

    /// <summary>The services of the node, in the order in which they start.</summary>
    public IReadOnlyList<ServiceRegistration> Services { get; init; } = BankServices.All;

    // Files of services, apart from those of an embedded node that used the folder before.
    internal string ServiceDirectory => Cluster is null ? DataDirectory : Path.Combine(DataDirectory, "cluster");
}
