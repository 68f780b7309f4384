using Tideline.Kernel;
using Tideline.Log;
using Tideline.Node;

namespace Tideline.Tests.Host;

/// <summary>Which parts probes and metrics know, and when a node is open.</summary>
public sealed class PartsTests : IDisposable
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // A part that works in the background and is missing here can die unseen.
    [Fact]
    public async Task Every_part_is_registered()
    {
        await using var node = await StartAsync();
        await node.WaitUntilOpenAsync(Cancel);
        node.Health.Parts.ShouldBe(
        [
            "aging of customers", "analytics of shard 0", "analytics of shard 1", "audit heads", "audit sealer",
            "clock", "customers of shard 0", "customers of shard 1", "dead letters of analytics",
            "dead letters of customers", "dead letters of events", "documents of the views", "due timers",
            "events of shard 0", "events of shard 1", "history", "imports", "invalidation of the cache", "log",
            "manifest", "projector of analytics", "projector of customers", "projector of events", "relay",
            "retention", "saga consumer", "saga watch", "sagas of shard 0", "sagas of shard 1",
            "states of analytics", "states of customers", "states of events", "view tier",
        ]);
    }

    [Fact]
    public async Task A_node_without_views_is_open_when_its_log_is()
    {
        await (await StartAsync()).DisposeAsync();
        var file = Path.Combine(_folder, "log", "log.db");
        foreach (var beside in Directory.GetFiles(Path.Combine(_folder, "log"))) File.Delete(beside);
        await File.WriteAllTextAsync(file, new string('x', 8_192), Cancel);
        await using var node = await StartAsync(withViews: false);
        var open = node.WaitUntilOpenAsync(Cancel);
        await Task.Delay(TimeSpan.FromMilliseconds(2 * LogLimits.IdleWaitMs), Cancel);
        open.IsCompleted.ShouldBeFalse();
        File.Delete(file);
        await open.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await node.Log.DescribeAsync(Cancel);
    }

    private Task<TidelineNode> StartAsync(bool withViews = true) => TidelineNode.StartAsync(
        new NodeOptions { DataDirectory = _folder, Shards = 2, WithViews = withViews }, Cancel);
}
