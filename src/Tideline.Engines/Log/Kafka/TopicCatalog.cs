using System.Collections.Concurrent;
using System.Globalization;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// A topic as Kafka has it. <paramref name="Id"/> tells it from another of the same name that was there before.
/// </summary>
internal sealed record TopicInfo(string Name, string KafkaName, string Id, int Partitions);

/// <summary>
/// Topics, made when they are first needed and checked when they are there. Only Tideline may drop records, because
/// only it knows what its groups have read; and no election may go to a replica that lacks records.
/// </summary>
internal sealed partial class TopicCatalog(KafkaLogOptions options, KafkaAdmin admin, ILogger logger) : IDisposable
{
    private static readonly Dictionary<string, string> Kept = new()
    {
        ["cleanup.policy"] = "delete",
        ["retention.ms"] = "-1",
        ["retention.bytes"] = "-1",
        ["unclean.leader.election.enable"] = "false",
    };

    private static readonly Dictionary<string, string> Compacted = new()
    {
        ["cleanup.policy"] = "compact",
        ["unclean.leader.election.enable"] = "false",
    };

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<string, TopicInfo> _topics = new(StringComparer.Ordinal);

    /// <summary>The topic of a name, made if it is not there.</summary>
    /// <exception cref="TidelineException">IncompatibleData: it has too few partitions, or drops records by itself.
    /// StorageUnavailable.</exception>
    public ValueTask<TopicInfo> GetAsync(string topic, CancellationToken cancel) =>
        _topics.TryGetValue(topic, out var known)
            ? new(known)
            : new(EnsureAsync(topic, options.Partitions, Kept, [], cancel));

    /// <summary>A topic of one partition of which Kafka keeps the newest record of each key.</summary>
    public Task<TopicInfo> GetCompactedAsync(string topic, CancellationToken cancel) =>
        EnsureAsync(topic, 1, Compacted, new()
        {
            ["segment.bytes"] = Text(KafkaLimits.StateSegmentBytes),
            ["min.cleanable.dirty.ratio"] = "0.1",
        }, cancel);

    /// <summary>What became of the topics that this process has used: those that are gone, or were made anew by
    /// somebody else.</summary>
    /// <exception cref="TidelineException">StorageUnavailable.</exception>
    public async Task<IReadOnlyList<LogFault>> FindGoneAsync(CancellationToken cancel)
    {
        var gone = new List<LogFault>();
        foreach (var topic in _topics.Values)
        {
            var there = await admin.DescribeTopicAsync(topic.KafkaName, isMade: false, cancel);
            if (there?.TopicId.ToString() == topic.Id) continue;
            gone.Add(new LogFault(
                topic.Name, null, 0,
                $"The topic {topic.KafkaName} {(there is null ? "was deleted" : "was deleted and made anew")}. Restart "
                + $"every process of the installation: the topic is made if it is not there, and filled from the "
                + $"ledger."));
        }

        return gone;
    }

    public void Dispose() => _gate.Dispose();

    private async Task<TopicInfo> EnsureAsync(string topic, int partitions,
        Dictionary<string, string> required, Dictionary<string, string> wanted, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            if (_topics.TryGetValue(topic, out var known)) return known;
            var name = options.TopicPrefix + topic;
            var there = await admin.DescribeTopicAsync(name, isMade: false, cancel);
            if (there is null)
            {
                await admin.CreateTopicAsync(Specification(name, partitions, [.. required, .. wanted]), cancel);
                there = (await admin.DescribeTopicAsync(name, isMade: true, cancel))!;
                Made(logger, name, there.Partitions.Count);
            }

            if (there.Partitions.Count < partitions)
                throw new TidelineException(ErrorCode.IncompatibleData, $"The topic {name} has "
                    + $"{there.Partitions.Count} partitions, but {partitions} shards need one each.");
            await CheckAsync(name, required, cancel);
            return _topics[topic] = new TopicInfo(topic, name, there.TopicId.ToString(), there.Partitions.Count);
        }
        finally
        {
            _gate.Release();
        }
    }

    private TopicSpecification Specification(
        string name, int partitions, IEnumerable<KeyValuePair<string, string>> settings)
    {
        // A clock that is ahead must not make the brokers refuse what is committed already.
        var configs = new Dictionary<string, string>(
            settings)
        { ["message.timestamp.after.max.ms"] = Text(long.MaxValue) };
        if (options.MinInSyncReplicas is { } inSync) configs["min.insync.replicas"] = Text(inSync);
        return new TopicSpecification
        {
            Name = name,
            NumPartitions = partitions, ReplicationFactor = options.ReplicationFactor ?? -1, Configs = configs
        };
    }

    private async Task CheckAsync(string name, Dictionary<string, string> required, CancellationToken cancel)
    {
        var actual = await admin.ConfigurationAsync(name, cancel);
        foreach (var (setting, value) in required)
        {
            if (actual.TryGetValue(setting, out var found) && found != value)
                throw new TidelineException(ErrorCode.IncompatibleData, $"The topic {name} has {setting}={found}, with "
                    + $"which Kafka may drop records that are still needed; set it to {value}.");
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Information, Message = "Made the topic {Topic} with {Partitions} partitions.")]
    private static partial void Made(ILogger logger, string topic, int partitions);
}
