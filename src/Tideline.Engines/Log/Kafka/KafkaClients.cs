using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Tideline.Engines.Log.Kafka;

/// <summary>Makes the clients of Kafka, all settings in one place.</summary>
internal sealed partial class KafkaClients(KafkaLogOptions options, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<string, long> _complainedAt = new(StringComparer.Ordinal);

    /// <summary>A producer that keeps order and writes nothing twice.</summary>
    /// <param name="messageTimeoutMs">
    /// After how long a record gives up; 0: never, and one that cannot be delivered ends the producer. Only so there
    /// can be no gap: the next record would stand where the lost one should.
    /// </param>
    public IProducer<byte[], byte[]> Producer(int messageTimeoutMs) =>
        new ProducerBuilder<byte[], byte[]>(With(new ProducerConfig
        {
            Acks = Acks.All,
            EnableIdempotence = true,
            EnableGaplessGuarantee = messageTimeoutMs == 0,
            MessageTimeoutMs = messageTimeoutMs,
            RequestTimeoutMs = KafkaLimits.RequestMs,
            LingerMs = KafkaLimits.LingerMs,
            CompressionType = CompressionType.Zstd,
            QueueBufferingMaxMessages = 0,
            QueueBufferingMaxKbytes = 2 * KafkaLimits.InFlightBytes / 1024,
            DeliveryReportFields = "none",
        })).SetLogHandler(
        (_, message) => Said(message)).SetErrorHandler((client, error) => Failed(client.Name, error)).Build();

    /// <summary>
    /// A consumer that reads what it is assigned and never joins a group; its group's name is not used for anything.
    /// </summary>
    /// <param name="fetchWaitMs">How long the brokers hold a question that they have no answer to. They answer at once
    /// when a record comes.</param>
    public IConsumer<byte[], byte[]> Consumer(int fetchWaitMs) =>
        new ConsumerBuilder<byte[], byte[]>(With(new ConsumerConfig
        {
            GroupId = $"{options.TopicPrefix}tideline.readers",
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Error,
            // Tideline has no transactions on Kafka. One that another client leaves open must not hide what comes
            // after it.
            IsolationLevel = IsolationLevel.ReadUncommitted,
            EnablePartitionEof = true,
            CheckCrcs = true,
            FetchWaitMaxMs = fetchWaitMs,
            FetchQueueBackoffMs = KafkaLimits.FetchBackoffMs,
            FetchErrorBackoffMs = KafkaLimits.RetryMs,
            QueuedMinMessages = KafkaLimits.PrefetchRecords,
            QueuedMaxMessagesKbytes = KafkaLimits.PrefetchBytes / 1024,
            ConsumeResultFields = "headers,topic",
        })).SetLogHandler(
        (_, message) => Said(message)).SetErrorHandler((client, error) => Failed(client.Name, error)).Build();

    /// <summary>
    /// A consumer for questions about offsets. It asks anew who leads what when it has known it for a while: it would
    /// ask a leader that is gone for minutes.
    /// </summary>
    public OffsetReader Offsets() => new(new ConsumerBuilder<byte[], byte[]>(With(new ConsumerConfig
    {
        GroupId = $"{options.TopicPrefix}tideline.readers",
        EnableAutoCommit = false,
        IsolationLevel = IsolationLevel.ReadUncommitted,
        MetadataMaxAgeMs = KafkaLimits.LeaderAgeMs,
    })).SetLogHandler(
        (_, message) => Said(message)).SetErrorHandler((client, error) => Failed(client.Name, error)).Build());

    /// <summary>
    /// A consumer that keeps the offsets of a group, and never joins it. What cannot be sent is given up after its
    /// session's time.
    /// </summary>
    public IConsumer<byte[], byte[]> Group(string group) => new ConsumerBuilder<byte[], byte[]>(With(new ConsumerConfig
    {
        GroupId = group,
        EnableAutoCommit = false,
        SessionTimeoutMs = KafkaLimits.GroupMs,
        CoordinatorQueryIntervalMs = KafkaLimits.LeaderAgeMs,
    })).SetLogHandler(
        (_, message) => Said(message)).SetErrorHandler((client, error) => Failed(client.Name, error)).Build();

    /// <summary>A client for questions about topics. To ask for one does not make it.</summary>
    public IAdminClient Admin() =>
        new AdminClientBuilder([.. With(new AdminClientConfig()), new("allow.auto.create.topics", "false")])
        .SetLogHandler((_, message) => Said(message))
            .SetErrorHandler((client, error) => Failed(client.Name, error)).Build();

    /// <summary>
    /// Has a consumer ask for a topic that it does not know, before it is assigned: left to itself it asks up to a
    /// second later.
    /// </summary>
    public static void Introduce(IConsumer<byte[], byte[]> consumer, TopicPartition place, HashSet<string> known)
    {
        if (known.Contains(place.Topic)) return;
        consumer.QueryWatermarkOffsets(place, TimeSpan.FromMilliseconds(KafkaLimits.RequestMs));
        known.Add(place.Topic);
    }

    private T With<T>(T config)
        where T : ClientConfig
    {
        foreach (var (name, value) in options.Connection)
        {
            if (config.All(set => set.Key != name)) config.Set(name, value);
        }

        config.BootstrapServers = options.BootstrapServers;
        config.ClientId = options.ClientId;
        config.AllowAutoCreateTopics = false;
        // Left alone, a client asks who leads what when a request fails. Behind a broker that stands still that comes
        // late, and too early to hear of another leader.
        config.TopicMetadataRefreshIntervalMs = KafkaLimits.LeaderAgeMs;
        config.SocketTimeoutMs = KafkaLimits.RequestMs;
        config.SocketConnectionSetupTimeoutMs = KafkaLimits.RequestMs;
        config.ReconnectBackoffMs = KafkaLimits.RetryMs / 2;
        config.ReconnectBackoffMaxMs = KafkaLimits.ReconnectMs;
        return config;
    }

    private void Said(LogMessage message) => ClientSaid(logger, message.Name, message.Message);

    // Every attempt to connect that fails would be said; that brokers are away is said once in a while.
    private void Failed(string client, Error error)
    {
        if (error.IsFatal)
        {
            ClientEnded(logger, client, error.Reason);
        }
        else if (!_complainedAt.TryGetValue(client, out var at)
            || time.GetElapsedTime(at).TotalMilliseconds > KafkaLimits.ComplaintMs)
        {
            _complainedAt[client] = time.GetTimestamp();
            ClientComplained(logger, client, error.Reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Client}: {Text}")]
    private static partial void ClientSaid(ILogger logger, string client, string text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Kafka, {Client}: {Reason}; it goes on trying.")]
    private static partial void ClientComplained(ILogger logger, string client, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Kafka, {Client}, cannot go on: {Reason}")]
    private static partial void ClientEnded(ILogger logger, string client, string reason);
}
