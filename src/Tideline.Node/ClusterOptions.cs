using Tideline.Kernel;

namespace Tideline.Node;

/// <summary>Where the servers of the cluster profile are.</summary>
public sealed record ClusterOptions
{
    /// <summary>The name of an installation that was given none.</summary>
    public const string DefaultName = "tideline";

    /// <summary>
    /// A connection string for each MySQL primary, in MySqlConnector's words and without a database. New data is
    /// spread over them.
    /// </summary>
    public required IReadOnlyList<string> MySql { get; init; }

    /// <summary>Addresses of some Kafka brokers, as in <c>kafka-1:9092,kafka-2:9092</c>.</summary>
    public required string Kafka { get; init; }

    /// <summary>Settings of librdkafka for the connection, such as <c>security.protocol</c>.</summary>
    public IReadOnlyDictionary<string, string> KafkaConnection { get; init; } = new Dictionary<string, string>();

    /// <summary>The connection string of a MongoDB replica set or sharded cluster.</summary>
    public required string MongoDb { get; init; }

    /// <summary>Redis, in StackExchange.Redis's words; null: each process has a cache of its own in memory.</summary>
    public string? Redis { get; init; }

    /// <summary>
    /// What this installation is called where it shares servers with others: shard n is the database <c>name_n</c> of
    /// MySQL, the views are the database <c>name</c> of MongoDB, and topics (where it is not the default) and cache
    /// keys begin with it.
    /// </summary>
    public string Name { get; init; } = DefaultName;

    /// <summary>
    /// The shards that this process prefers: it takes them as soon as they are free, any other one when nobody has
    /// taken that for a while. Null: every shard.
    /// </summary>
    public IReadOnlySet<int>? Own { get; init; }

    /// <summary>
    /// Where the other processes of the installation reach this one, as in <c>http://node-1:7400</c>; empty where they
    /// do not.
    /// </summary>
    public string Address { get; init; } = "";

    /// <summary>What may be logged: addresses may hold passwords.</summary>
    public override string ToString() => $"cluster '{Name}'";

    /// <exception cref="TidelineException">InvalidInput, in words that name what is missing.</exception>
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
