using Tideline.Kernel;
using Tideline.Node;
using Tideline.Services.Accounts;
using Tideline.Tools.Load;

namespace Tideline.Tests.Host;

/// <summary>
/// A server that is not there: who gave its address is told which one, in a line, and nothing of what else stands in
/// the address.
/// </summary>
public sealed class ClusterStartTests
{
    [Fact]
    public Task MySQL_that_does_not_answer() =>
        IsToldAsync(cluster => cluster with { MySql = ["Server=127.0.0.1;Port=1;User ID=ada;Password=hidden"] });

    [Fact]
    public Task Kafka_that_does_not_answer() =>
        IsToldAndCommandsGoOnAsync("log", cluster => cluster with { Kafka = "127.0.0.1:1" });

    [Fact]
    public Task MongoDB_that_does_not_answer() =>
        IsToldAndCommandsGoOnAsync("view tier", cluster =>
            cluster with { MongoDb = "mongodb://ada:hidden@127.0.0.1:1/?replicaSet=rs0" });

    private static async Task IsToldAndCommandsGoOnAsync(string part, Func<ClusterOptions, ClusterOptions> without)
    {
        using var folder = new TemporaryFolder("start");
        await using var installation = new Installation(
            Path.Combine(folder.Path, "load"), shards: 1, ClusterUnderTest.Require());
        var options = installation.Node;
        await using var node = await TidelineNode.StartAsync(
            options with { Cluster = without(options.Cluster!) }, TestContext.Current.CancellationToken);
        await node.Ledger.WaitForOwnersAsync(TestContext.Current.CancellationToken);
        var customer = new CreateCustomer(node.Ledger.Ids.Next(), "Ada", "ada@example.com", "DE");
        (await node.Ledger.ExecuteAsync(customer, TestContext.Current.CancellationToken)).Refusal.ShouldBeNull();
        var told = node.Health.Checks().Single(check => check.Part == part).Fault.ShouldNotBeNull();
        told.ShouldContain("Servers tried: 127.0.0.1:1");
        foreach (var never in (string[])["\n", "hidden", "ada"]) told.ShouldNotContain(never);
    }

    private static async Task IsToldAsync(Func<ClusterOptions, ClusterOptions> without)
    {
        using var folder = new TemporaryFolder("start");
        await using var installation = new Installation(
            Path.Combine(folder.Path, "load"), shards: 1, ClusterUnderTest.Require());
        var node = installation.Node;
        var told = await Should.ThrowAsync<TidelineException>(() => TidelineNode.StartAsync(
            node with { Cluster = without(node.Cluster!) }, TestContext.Current.CancellationToken));
        told.Code.ShouldBe(ErrorCode.StorageUnavailable);
        told.Message.ShouldContain("Servers tried: 127.0.0.1:1");
        foreach (var never in (string[])["\n", "hidden", "ada"]) told.Message.ShouldNotContain(never);
    }
}
