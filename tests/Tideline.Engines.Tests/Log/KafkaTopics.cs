using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Log.Kafka;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Log;

/// <summary>Topics of one test, under a prefix of their own on shared brokers; they are gone after it.</summary>
internal sealed class KafkaTopics(string servers) : IAsyncDisposable
{
    private static readonly IdGenerator Ids = new(TimeProvider.System);

    public string Prefix { get; } = $"test-{Ids.Next():N}.";

    public string Servers => servers;

    public KafkaLogOptions Options => new() { BootstrapServers = servers, TopicPrefix = Prefix, Partitions = 2, ClientId = "tideline-tests" };

    public Task<KafkaLog> OpenAsync(ILogger<KafkaLog>? logger = null) => KafkaLog.OpenAsync(Options, TimeProvider.System, logger ?? NullLogger<KafkaLog>.Instance, default);

    public IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();

    public async ValueTask DisposeAsync()
    {
        using var admin = Admin();
        var topics = admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics.Where(topic => topic.Topic.StartsWith(Prefix, StringComparison.Ordinal)).Select(topic => topic.Topic).ToList();
        if (topics.Count > 0) await admin.DeleteTopicsAsync(topics);
    }
}
