using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// Three real Kafka brokers on loopback as one cluster; every topic has three copies, and a record counts when two have
/// it. All topics of it are the program's, but for Kafka's own.
/// </summary>
internal sealed class KafkaGroup : IAsyncDisposable
{
    private const int Brokers = 3, SteadyAnswers = 10;
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(
        5), Poll = TimeSpan.FromMilliseconds(100), SyncLimit = TimeSpan.FromSeconds(90);
    private readonly KafkaServer[] _servers;
    private readonly IAdminClient _admin;

    private KafkaGroup(KafkaServer[] servers)
    {
        _servers = servers;
        // That a broker is away is what is done to it.
        _admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Address })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    /// <summary>
    /// What makes the loss of a broker short, milliseconds: after how long it counts as gone, and after how long
    /// another controller is chosen when it was that too; the containers have the same.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["broker.session.timeout.ms"] = "1000", ["broker.heartbeat.interval.ms"] = "200",
        ["controller.quorum.fetch.timeout.ms"] = "1000",
        ["controller.quorum.election.timeout.ms"] = "500", ["controller.quorum.election.backoff.max.ms"] = "250",
    };

    /// <summary>All brokers, as the program takes them.</summary>
    public string Address => string.Join(',', _servers.Select(server => server.Address));

    /// <summary>Starts the brokers.</summary>
    /// <exception cref="TidelineException">NotFound: Kafka or Java cannot be had here. StorageUnavailable: one did not
    /// start.</exception>
    public static async Task<KafkaGroup> StartAsync(string folder, CancellationToken cancel)
    {
        var ports = Enumerable.Range(0, Brokers).Select(_ => (LoopbackPort.Next(), LoopbackPort.Next())).ToArray();
        var servers = await Task.WhenAll(Enumerable.Range(1, Brokers).Select(
            broker => KafkaServer.PrepareAsync(Path.Combine(folder, Name(broker)), broker, ports, Settings, cancel)));
        var group = new KafkaGroup(servers);
        try
        {
            foreach (var server in servers) server.Launch();
            await Task.WhenAll(servers.Select(server => server.WaitReadyAsync(cancel)));
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// The broker, from 1, that leads a partition, and how many of the program's partitions it leads.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: nobody leads it.</exception>
    public (int Broker, int Leads) LeaderOf(string topic, int partition)
    {
        var all = Partitions(name => !name.StartsWith("__", StringComparison.Ordinal));
        var leader = all.Where(each => each.Topic.EndsWith(topic, StringComparison.Ordinal)
            && each.Partition.PartitionId == partition).Select(each => each.Partition.Leader).FirstOrDefault(-1);
        if (leader < 0) throw new TidelineException(Kernel.ErrorCode.StorageUnavailable,
            string.Create(CultureInfo.InvariantCulture, $"Nobody leads partition {partition} of {topic}."));
        return (leader, all.Count(each => each.Partition.Leader == leader));
    }

    public async Task StrikeAsync(int broker, Blow blow)
    {
        if (blow == Blow.Paused) _servers[broker - 1].Pause();
        else await _servers[broker - 1].KillAsync();
    }

    public async Task HealAsync(int broker, Blow blow, CancellationToken cancel)
    {
        if (blow == Blow.Paused) _servers[broker - 1].Continue();
        else await _servers[broker - 1].StartAsync(cancel);
    }

    /// <summary>Waits until every copy of every partition is in sync.</summary>
    /// <exception cref="TimeoutException">One is not; it is named.</exception>
    public async Task SyncAsync(CancellationToken cancel)
    {
        var begun = Stopwatch.GetTimestamp();
        // A broker that was paused still tells what was true before; so the same is to be heard for a while.
        for (var steady = 0; steady < SteadyAnswers;)
        {
            var behind = await Task.Run(Behind, cancel);
            steady = behind.Count == 0 ? steady + 1 : 0;
            if (steady == 0 && Stopwatch.GetElapsedTime(begun) > SyncLimit)
                throw new TimeoutException($"After {SyncLimit.TotalSeconds:0} s not every copy of the log is in sync: "
                    + $"{string.Join("; ", behind.Take(5))}.");
            await Task.Delay(Poll, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        foreach (var server in _servers) await server.DisposeAsync();
    }

    private List<string> Behind()
    {
        try
        {
            return [.. Partitions(_ => true).Where(each => each.Partition.InSyncReplicas.Length < Brokers)
                .Select(each =>
                    string.Create(CultureInfo.InvariantCulture, $"{each.Topic}/{each.Partition.PartitionId} is in sync "
                        + $"on {string.Join(", ", each.Partition.InSyncReplicas.Order())} alone"))];
        }
        catch (TidelineException fault) when (fault.Code == Kernel.ErrorCode.StorageUnavailable)
        {
            return [fault.Message];
        }
    }

    private (string Topic, PartitionMetadata Partition)[] Partitions(Func<string, bool> isWanted)
    {
        try
        {
            return [.. _admin.GetMetadata(AskLimit).Topics.Where(topic => isWanted(topic.Topic))
                .SelectMany(topic => topic.Partitions.Select(partition => (topic.Topic, partition)))];
        }
        catch (KafkaException fault)
        {
            throw new TidelineException(Kernel.ErrorCode.StorageUnavailable,
                $"Kafka does not tell who leads what: {fault.Error.Reason}", fault);
        }
    }

    private static string Name(int broker) => string.Create(CultureInfo.InvariantCulture, $"kafka-{broker}");
}
