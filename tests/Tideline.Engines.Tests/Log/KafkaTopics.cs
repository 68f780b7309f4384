using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

/// <summary>Topics of one test, under a prefix of their own on shared brokers; they are gone after it.</summary>
internal sealed class KafkaTopics(string servers) : IAsyncDisposable
{
    private static readonly IdGenerator Ids = new(TimeProvider.System);

    private static readonly byte[] Secret = "the secret of the tests"u8.ToArray();

    /// <summary>The installation under test.</summary>
    public static Guid Installation { get; } = new("11111111-0000-4000-8000-000000000001");

    /// <summary>How the installation under test seals its records.</summary>
    public static RecordSeal Seal { get; } = new(Secret, Installation);

    public string Prefix { get; } = $"test-{Ids.Next():N}.";

    public string Servers => servers;

    public KafkaLogOptions Options =>
        new()
        {
            BootstrapServers = servers, TopicPrefix = Prefix, Partitions = 2, Secret = Secret,
            Installation = Installation,
            ClientId = "tideline-tests"
        };

    public Task<KafkaLog> OpenAsync(ILogger<KafkaLog>? logger = null) =>
        KafkaLog.OpenAsync(Options, TimeProvider.System, logger ?? NullLogger<KafkaLog>.Instance, default);

    public IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();

    /// <summary>A record of topic <c>t</c>.</summary>
    public static LogRecord Record(string source, long seq, int partition = 0) =>
        new("t", partition,
            0, source, seq, Ids.Next(), "TYPE", Ids.Next(), 1, 1_000, JsonSerializer.SerializeToUtf8Bytes(seq));

    /// <summary>Writes past the log, as a producer does that the log knows nothing of.</summary>
    public async Task ProduceAsync(int partition, Message<byte[], byte[]> message)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = servers })
            .Build();
        await producer.ProduceAsync(new TopicPartition(Prefix + "t", partition), message);
    }

    /// <summary>Everything that Kafka holds of a partition of a topic.</summary>
    public List<ConsumeResult<byte[], byte[]>> Consume(int partition, string topic = "t")
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = servers, GroupId = "none", EnablePartitionEof = true, EnableAutoCommit = false
        }).Build();
        consumer.Assign(new TopicPartitionOffset(Prefix + topic, partition, Offset.Beginning));
        var read = new List<ConsumeResult<byte[], byte[]>>();
        while (consumer.Consume(TimeSpan.FromSeconds(30)) is { IsPartitionEOF: false } message) read.Add(message);
        return read;
    }

    public async ValueTask DisposeAsync()
    {
        using var admin = Admin();
        var topics = admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics.Where(
            topic => topic.Topic.StartsWith(Prefix, StringComparison.Ordinal)).Select(topic => topic.Topic).ToList();
        if (topics.Count > 0) await admin.DeleteTopicsAsync(topics);
    }
}
