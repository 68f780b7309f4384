using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Tools.Servers;

public sealed class KafkaServerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_broker_comes_back_on_its_port_with_what_was_acknowledged()
    {
        await using var own = await OwnServer<KafkaServer>.StartAsync(
            folder => KafkaServer.PrepareAsync(folder, cancel: Cancel));
        own.Server.Version.ShouldStartWith("Apache Kafka 4.");
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = own.Server.Address })
            .Build())
            await admin.CreateTopicsAsync([new TopicSpecification { Name = "kept", NumPartitions = 1 }]);
        using (var producer = new ProducerBuilder<Null, string>(
            new ProducerConfig { BootstrapServers = own.Server.Address, Acks = Acks.All }).Build())
            await producer.ProduceAsync("kept", new Message<Null, string> { Value = "message" }, Cancel);
        await own.Server.KillAsync();
        await own.Server.StartAsync(Cancel);
        using var consumer = new ConsumerBuilder<Null, string>(
            new ConsumerConfig { BootstrapServers = own.Server.Address, GroupId = "test", EnableAutoCommit = false })
            .Build();
        consumer.Assign(new TopicPartitionOffset("kept", 0, Offset.Beginning));
        consumer.Consume(Limit).ShouldNotBeNull().Message.Value.ShouldBe("message");
    }
}
