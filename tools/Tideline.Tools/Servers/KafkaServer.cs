using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Tideline.Kernel;
using ErrorCode = Tideline.Kernel.ErrorCode;

namespace Tideline.Tools.Servers;

/// <summary>A real Kafka broker with its controller (KRaft): the only node, or one of several.</summary>
internal sealed class KafkaServer : LocalServer
{
    private const string Library = "kafka-clients-";
    private static readonly TimeSpan FormatLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(2);
    private readonly string _script;
    private readonly string _java;
    private readonly int _node;

    private KafkaServer(string script, string java, string folder, int node, (int Client, int Controller) ports)
        : base("Kafka", folder, [ports.Client, ports.Controller]) => (_script, _java, _node) = (script, java, node);

    public override string Address => $"127.0.0.1:{Ports[0]}";

    protected override ServerCommand Command => Script(["run", Data]);

    private string Data => Path.Combine(Folder, "data");

    /// <summary>Finds the program and makes the node's folder ready. It does not run yet.</summary>
    /// <param name="folder">Where its data and its log are.</param>
    /// <param name="node">Which of the nodes it is, from 1.</param>
    /// <param name="ports">The ports of all nodes, the same for each of them; null makes the only node, on free
    /// ports.</param>
    /// <param name="settings">Settings of the broker, beside or instead of those it has.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="TidelineException">NotFound: Kafka or Java cannot be had here. StorageUnavailable: the folder
    /// could not be made ready.</exception>
    public static async Task<KafkaServer> PrepareAsync(
        string folder, int node = 1, IReadOnlyList<(int Client, int Controller)>? ports = null,
        IReadOnlyDictionary<string, string>? settings = null, CancellationToken cancel = default)
    {
        ports ??= [(LoopbackPort.Next(), LoopbackPort.Next())];
        var server = new KafkaServer(Path.Combine(ServerBinaries.Shared("kafka"), "kafka.sh"),
            await ServerBinaries.JavaAsync(cancel), folder, node, ports[node - 1]);
        var (exitCode, output, errors) = await server.Script(["format", server.Data, $"{node}",
            string.Join(',', ports.Select(pair => $"{pair.Client}:{pair.Controller}"))]).RunAsync(FormatLimit, cancel);
        if (exitCode != 0) throw new TidelineException(
            ErrorCode.StorageUnavailable, $"Kafka could not make its folder ready ({exitCode}):\n{output}{errors}");
        // The last line with a name counts.
        if (settings is not null) await File.AppendAllLinesAsync(Path.Combine(server.Data, "server.properties"),
            settings.Select(setting => $"{setting.Key}={setting.Value}"), cancel);
        return server;
    }

    /// <summary>Answers a name when a broker answers; its protocol tells no version.</summary>
    /// <exception cref="KafkaException">It does not answer.</exception>
    public static async Task<string> VersionOfAsync(string address, CancellationToken cancel)
    {
        await NodesOfAsync(address, cancel);
        return "Apache Kafka";
    }

    /// <exception cref="KafkaException">This broker is not yet, or no longer, part of its cluster.</exception>
    protected override async Task<string> AskVersionAsync(CancellationToken cancel)
    {
        var nodes = await NodesOfAsync(Address, cancel);
        if (!nodes.Any(node => node.Id == _node))
            throw new KafkaException(Confluent.Kafka.ErrorCode.BrokerNotAvailable);
        var library = Path.GetFileNameWithoutExtension(
            Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(_script)!, "lib"), $"{Library}*.jar").Single());
        return $"Apache Kafka {library[Library.Length..]}";
    }

    private static async Task<IReadOnlyList<Confluent.Kafka.Node>> NodesOfAsync(
        string address, CancellationToken cancel)
    {
        // What it says about brokers that are not there yet is no news.
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        return (await admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = AskLimit })
            .WaitAsync(cancel)).Nodes;
    }

    private ServerCommand Script(IReadOnlyList<string> arguments) =>
        new(_script, arguments) { Environment = new Dictionary<string, string> { ["JAVA"] = _java } };
}
