using Confluent.Kafka;
using Tideline.Log;
using Tideline.Services.Payments;
using Tideline.Tests.Backup;

namespace Tideline.Tests.Faults;

/// <summary>Somebody deletes a topic of a running installation on real brokers, and does what the fault says.</summary>
public sealed class DeletedTopicTests
{
    [Theory]
    [InlineData("account.events")]
    [InlineData("saga.commands")]
    [InlineData("customer.events")]
    [InlineData("audit.heads")]
    public async Task A_topic_that_was_deleted_is_named_and_healed_by_a_restart(string topic)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var stage = await InstallationStage.StartClusterAsync();
        var (account, other) = (await stage.AccountAsync(0, 100), await stage.AccountAsync(1, 100));
        (await stage.TransferAsync(account, other, 10)).Status.ShouldBe(TransferStatus.Settled);
        await stage.VerifyAsync();
        var cluster = stage.Cluster!.Node.Cluster!;
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = cluster.Kafka }).Build())
            await admin.DeleteTopicsAsync([$"{cluster.Name}.{topic}"]);
        while (!stage.Node.Log.Faults.Any(fault => fault.Topic == topic
            && fault.Sentence.Contains("Restart every process", StringComparison.Ordinal)))
            await Task.Delay(50, cancel);
        await stage.DepositAsync(account, 1);
        await stage.StopAsync();

        await stage.OpenAsync();
        (await stage.TransferAsync(other, account, 5)).Status.ShouldBe(TransferStatus.Settled);
        (await stage.PostedAsync(account)).ShouldBe(96);
        await stage.VerifyAsync();
        if (topic == Topics.AccountEvents)
        {
            var records = await stage.Node.Log.ReadAsync(topic, 0, 0, 1_000, cancel);
            var events = await stage.Node.Ledger.Reader(0).GetEventsAsync(0, 1_000, cancel);
            records.Select(record => record.SourceSeq).ShouldBe(events.Select(happened => happened.Position.Seq));
        }

        stage.Node.Log.Faults.ShouldBeEmpty();
    }
}
