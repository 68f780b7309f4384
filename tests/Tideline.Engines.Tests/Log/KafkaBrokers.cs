using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// Brokers of a test class's own, which its tests may kill. Where Kafka cannot be had the test is skipped and says why.
/// </summary>
internal sealed class KafkaBrokers : IAsyncDisposable
{
    private static readonly TimeSpan UpWithin = TimeSpan.FromSeconds(90);
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-kafka-{new IdGenerator(TimeProvider.System).Next():N}");
    private KafkaServer[] _nodes = [];

    /// <summary>The addresses of all.</summary>
    public string Servers => string.Join(',', _nodes.Select(node => node.Address));

    /// <summary>Starts as many brokers as one cluster.</summary>
    public static async Task<KafkaBrokers> StartAsync(int count)
    {
        var brokers = new KafkaBrokers();
        await brokers.StartAsync(
            [.. Enumerable.Range(0, count).Select(_ => (LoopbackPort.Next(), LoopbackPort.Next()))], []);
        return brokers;
    }

    /// <summary>Starts one broker that clients are to reach by another port, as behind a proxy.</summary>
    public static async Task<KafkaBrokers> StartBehindAsync((int Client, int Controller) ports, int advertised)
    {
        var brokers = new KafkaBrokers();
        await brokers.StartAsync([ports], new() { ["advertised.listeners"] = $"CLIENT://127.0.0.1:{advertised}" });
        return brokers;
    }

    /// <summary>Starts a broker on the data it had, and waits until it is one of its cluster again.</summary>
    public Task RunAsync(int node) => WithinAsync(_nodes[node].StartAsync);

    /// <summary>Ends a broker as a failure of its process does: without a word to anybody.</summary>
    public Task KillAsync(int node) => _nodes[node].KillAsync();

    /// <summary>Starts a broker on the data it had; it may have to wait for others before it answers.</summary>
    public void Launch(int node) => _nodes[node].Launch();

    /// <summary>Brings back whoever was killed, and waits until all are of one cluster.</summary>
    public async Task AreUpAsync()
    {
        foreach (var node in _nodes.Where(node => !node.Process.IsAlive)) node.Launch();
        await WithinAsync(late => Task.WhenAll(_nodes.Select(node => node.WaitReadyAsync(late))));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(
        IReadOnlyList<(int Client, int Controller)> ports, Dictionary<string, string> settings)
    {
        try
        {
            var nodes = Enumerable.Range(1, ports.Count);
            await WithinAsync(async late => _nodes = await Task.WhenAll(nodes.Select(
                node => KafkaServer.PrepareAsync(Path.Combine(_folder, $"node-{node}"), node, ports, settings, late))));
            foreach (var node in _nodes) node.Launch();
            await WithinAsync(late => Task.WhenAll(_nodes.Select(node => node.WaitReadyAsync(late))));
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotFound)
        {
            Assert.Skip(fault.Message);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private static async Task WithinAsync(Func<CancellationToken, Task> act)
    {
        using var late = new CancellationTokenSource(UpWithin);
        await act(late.Token);
    }
}
