using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Tideline.Kernel;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// Brokers of a test's own, which it may kill: real ones, from the folder that <c>TIDELINE_SERVICES_DIR</c> names or <c>../shared/services</c> beside the source. Without it the test is
/// skipped and says so.
/// </summary>
internal sealed class KafkaBrokers : IAsyncDisposable
{
    private static readonly TimeSpan UpWithin = TimeSpan.FromSeconds(90);
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"tideline-kafka-{new IdGenerator(TimeProvider.System).Next():N}");
    private readonly int[] _ports;
    private readonly Process?[] _running;

    private KafkaBrokers(int count) => (_ports, _running) = (FreePorts(2 * count), new Process?[count]);

    /// <summary>The addresses of all.</summary>
    public string Servers => string.Join(',', Enumerable.Range(0, _running.Length).Select(AddressOf));

    public static string Services
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Tideline.slnx"))) folder = folder.Parent;
            var services = Environment.GetEnvironmentVariable("TIDELINE_SERVICES_DIR") ?? Path.Combine(folder?.FullName ?? ".", "../shared/services");
            if (!File.Exists(Path.Combine(services, "kafka/kafka.sh"))) Assert.Skip("TIDELINE_SERVICES_DIR names no folder with servers.");
            return services;
        }
    }

    /// <summary>Starts as many brokers as one cluster.</summary>
    /// <param name="count">1 or 3.</param>
    /// <param name="advertised">The port by which clients are told to come back, as behind a proxy; null: its own.</param>
    public static async Task<KafkaBrokers> StartAsync(int count, int? advertised = null)
    {
        _ = Services;
        var brokers = new KafkaBrokers(count);
        var pairs = string.Join(',', Enumerable.Range(0, count).Select(node => $"{brokers._ports[2 * node]}:{brokers._ports[(2 * node) + 1]}"));
        for (var node = 0; node < count; node++)
        {
            await (await brokers.ScriptAsync($"format {brokers.FolderOf(node)} {node + 1} {pairs}", "format")).WaitForExitAsync().WaitAsync(UpWithin);
            if (advertised is not { } port) continue;
            var properties = Path.Combine(brokers.FolderOf(node), "server.properties");
            var lines = (await File.ReadAllLinesAsync(properties)).Select(line => line.StartsWith("advertised.listeners=", StringComparison.Ordinal) ? $"advertised.listeners=CLIENT://127.0.0.1:{port}" : line);
            await File.WriteAllLinesAsync(properties, lines);
        }

        for (var node = 0; node < count; node++) await brokers.RunAsync(node);
        await brokers.AreUpAsync(count);
        return brokers;
    }

    public static int FreePort() => FreePorts(1)[0];

    public string AddressOf(int node) => $"127.0.0.1:{_ports[2 * node]}";

    /// <summary>Starts a broker on the data it had.</summary>
    public async Task RunAsync(int node) => _running[node] = await ScriptAsync($"run {FolderOf(node)}", $"run-{node}");

    /// <summary>Ends a broker as a failure of its process does: without a word to anybody.</summary>
    public async Task KillAsync(int node)
    {
        if (_running[node] is not { } process) return;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        _running[node] = null;
    }

    /// <summary>Waits until so many brokers know of each other.</summary>
    public async Task AreUpAsync(int count)
    {
        using var late = new CancellationTokenSource(UpWithin);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Servers }).SetLogHandler((_, _) => { }).Build();
        while (true)
        {
            try
            {
                if (admin.GetMetadata(TimeSpan.FromSeconds(2)).Brokers.Count >= count) return;
            }
            catch (KafkaException) when (!late.IsCancellationRequested)
            {
                // Not yet.
            }

            await Task.Delay(100, late.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var node = 0; node < _running.Length; node++) await KillAsync(node);
        Directory.Delete(_folder, recursive: true);
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var listener in listeners) listener.Start();
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners) listener.Stop();
        return ports;
    }

    private string FolderOf(int node) => Path.Combine(_folder, $"node-{node + 1}");

    // The script becomes the broker: one process, one id.
    private Task<Process> ScriptAsync(string arguments, string output)
    {
        Directory.CreateDirectory(_folder);
        return Task.FromResult(Process.Start("bash", ["-c", $"exec '{Services}/kafka/kafka.sh' {arguments} >>{_folder}/{output}.out 2>&1"]));
    }
}
