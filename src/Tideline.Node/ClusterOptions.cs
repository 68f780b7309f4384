using Tideline.Kernel;

namespace Tideline.Node;

/// <summary>The addresses of the servers of the cluster profile.</summary>
public sealed record ClusterOptions
{
    /// <summary>The default name of an installation.</summary>
    public const string DefaultName = "tideline";

    /// <summary>
    /// MySqlConnector connection strings without a database, one per primary. New data is spread over them.
    /// </summary>
    public required IReadOnlyList<string> MySql { get; init; }

    /// <summary>Addresses of some Kafka brokers, as in <c>kafka-1:9092,kafka-2:9092</c>.</summary>
    public required string Kafka { get; init; }

    /// <summary>Settings of librdkafka for the connection, such as <c>security.protocol</c>.</summary>
    public IReadOnlyDictionary<string, string> KafkaConnection { get; init; } = new Dictionary<string, string>();

    /// <summary>The connection string of a MongoDB replica set or sharded cluster.</summary>
    public required string MongoDb { get; init; }

    /// <summary>A StackExchange.Redis connection string; null: each process has its own cache in memory.</summary>
    public string? Redis { get; init; }

    /// <summary>
    /// The name of this installation on shared servers: shard n is the MySQL database <c>name_n</c>, the views are the
    /// MongoDB database <c>name</c>, and cache keys (and topics, if it is not the default) begin with it.
    /// </summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>
    /// The shards that this process prefers. It acquires these as soon as they are free, and other shards shortly after
    /// if they stay free. Null: every shard.
    /// </summary>
    public IReadOnlySet<int>? Own { get; init; }

    /// <summary>
    /// The URL at which the other processes of the installation reach this one, as in <c>http://node-1:7400</c>; empty
    /// if they do not.
    /// </summary>
    public string Address { get; init; } = "";

    /// <summary>The part that may be logged: addresses may contain passwords.</summary>
    public override string ToString() => $"cluster '{Name}'";

    /// <exception cref="TidelineException">InvalidInput, naming what is missing.</exception>
    internal void Require()
    {
        if (MySql.Count == 0 || MySql.Any(string.IsNullOrWhiteSpace))
            throw new TidelineException(ErrorCode.InvalidInput, "The cluster profile needs the address of MySQL.");
        if (string.IsNullOrWhiteSpace(Kafka))
            throw new TidelineException(ErrorCode.InvalidInput, "The cluster profile needs the addresses of Kafka.");
        if (string.IsNullOrWhiteSpace(MongoDb))
            throw new TidelineException(ErrorCode.InvalidInput, "The cluster profile needs the address of MongoDB.");
    }
}
