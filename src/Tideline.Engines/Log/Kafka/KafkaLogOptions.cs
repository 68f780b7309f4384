using System.Text.RegularExpressions;
using Tideline.Kernel;

namespace Tideline.Engines.Log.Kafka;

/// <summary>How the log uses Kafka.</summary>
public sealed partial record KafkaLogOptions
{
    /// <summary>Addresses of some brokers, as in <c>kafka-1:9092,kafka-2:9092</c>; they name the others.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>
    /// Partitions of a topic when it is made: one for each shard. A topic that is there must have at least so many.
    /// </summary>
    public required int Partitions { get; init; }

    /// <summary>
    /// What stands before the name of every topic and group, so that installations can share brokers.
    /// </summary>
    public string TopicPrefix { get; init; } = "";

    /// <summary>Copies of a topic when it is made; null: what the brokers give.</summary>
    public short? ReplicationFactor { get; init; }

    /// <summary>
    /// Copies that must hold a record before it counts, when a topic is made; null: what the brokers ask for.
    /// </summary>
    public int? MinInSyncReplicas { get; init; }

    /// <summary>The name by which brokers know this process in their own logs.</summary>
    public string ClientId { get; init; } = "tideline";

    /// <summary>
    /// Settings of librdkafka for the connection, as <c>security.protocol</c> and <c>ssl.ca.location</c>. What the log
    /// itself sets cannot be changed here.
    /// </summary>
    public IReadOnlyDictionary<string, string> Connection { get; init; } = new Dictionary<string, string>();

    /// <summary>The installation's id, which stands in the source of every record.</summary>
    public required Guid Installation { get; init; }

    /// <summary>With what the installation seals its records, so that nobody else's are taken for them; all of its
    /// processes have the same.</summary>
    public ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>Refuses what cannot work.</summary>
    /// <exception cref="TidelineException">InvalidInput.</exception>
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(BootstrapServers)) throw Invalid("Kafka's bootstrap servers are not named.");
        if (Partitions is < 1 or > Limits.Shards)
            throw Invalid($"A topic must have 1 to {Limits.Shards} partitions, not {Partitions}.");
        if (!Prefix().IsMatch(TopicPrefix)) throw Invalid($"'{TopicPrefix}' cannot begin the name of a topic: up to "
            + $"100 letters, digits, dots, dashes and underscores can.");
        if (ReplicationFactor < 1) throw Invalid($"A topic cannot have {ReplicationFactor} replicas.");
        if (MinInSyncReplicas < 1 || MinInSyncReplicas > ReplicationFactor)
            throw Invalid($"{MinInSyncReplicas} of {ReplicationFactor} copies cannot be asked for.");
    }

    private static TidelineException Invalid(string message) => new(ErrorCode.InvalidInput, message);

    [GeneratedRegex(@"^[a-zA-Z0-9._-]{0,100}$")]
    private static partial Regex Prefix();
}
