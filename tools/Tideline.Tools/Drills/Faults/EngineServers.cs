#pragma warning disable CA2000 // Each server is in the list that is ended with the whole.
using System.Globalization;
using Tideline.Node;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Faults;

/// <summary>
/// Servers of the drill's own for the cluster profile, and a line to each that can be cut, silenced and slowed.
/// </summary>
internal sealed class EngineServers : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _all;

    private EngineServers(
        Toxiproxy proxy, MySqlServer mySql, KafkaServer kafka, RedisServer redis, MongoStandIn mongo,
        IReadOnlyDictionary<string, int> ports, List<IAsyncDisposable> all)
    {
        _all = all;
        (Proxy, MySql, Kafka, Redis, Mongo) = (proxy, mySql, kafka, redis, mongo);
        Addresses = new ClusterOptions
        {
            MySql = [mySql.Address], Kafka = kafka.Address, MongoDb = mongo.Address, Redis = redis.Address,
        };
        Variables = new Dictionary<string, string>
        {
            ["TIDELINE_MYSQL"] = $"Server=127.0.0.1;Port={ports["mysql"]};User ID=root",
            ["TIDELINE_KAFKA"] = $"127.0.0.1:{ports["kafka"]}",
            ["TIDELINE_MONGODB"] = $"mongodb://127.0.0.1:{ports["mongodb"]}/?directConnection=true",
            ["TIDELINE_REDIS"] = $"127.0.0.1:{ports["redis"]}",
        };
    }

    /// <summary>The names of the lines.</summary>
    public static IReadOnlyList<string> Lines { get; } = ["mysql", "kafka", "mongodb", "redis"];

    public MySqlServer MySql { get; }

    public KafkaServer Kafka { get; }

    public RedisServer Redis { get; }

    public MongoStandIn Mongo { get; }

    /// <summary>The small disk that MySQL is on; null: this system lets none be made.</summary>
    public SmallDisk? MySqlDisk { get; private init; }

    /// <summary>The addresses of the servers themselves.</summary>
    public ClusterOptions Addresses { get; }

    /// <summary>The addresses behind the lines, as the environment of a node has them.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>Cuts, silences, slows and heals the lines.</summary>
    public Toxiproxy Proxy { get; }

    /// <exception cref="Kernel.TidelineException">NotFound, StorageUnavailable: a server could not be had or
    /// started.</exception>
    public static async Task<EngineServers> StartAsync(string folder, CancellationToken cancel)
    {
        List<IAsyncDisposable> all = [];
        try
        {
            return await StartAsync(folder, all, cancel);
        }
        catch
        {
            await EndAsync(all);
            throw;
        }
    }

    public async ValueTask DisposeAsync() => await EndAsync(_all);

    private static async Task<EngineServers> StartAsync(
        string folder, List<IAsyncDisposable> all, CancellationToken cancel)
    {
        var proxy = Own(Toxiproxy.Prepare(Path.Combine(folder, "lines")));
        await proxy.StartAsync(cancel);
        var disk = await SmallDisk.MountAsync(Path.Combine(folder, "mysql"), SmallDisk.MySqlMiB, cancel);
        if (disk is not null) all.Add(disk);
        // A small redo log: files of the size of the disk would fill it.
        var mysql = Own(await MySqlServer.PrepareAsync(
            Path.Combine(folder, "mysql"), options: ["--innodb-redo-log-capacity=128M"], cancel: cancel));
        var brokers = (Client: LoopbackPort.Next(), Controller: LoopbackPort.Next());
        // Its clients take the address that it gives them.
        var line = await proxy.OpenAsync("kafka", brokers.Client, cancel);
        var kafka = Own(await KafkaServer.PrepareAsync(
            Path.Combine(folder, "kafka"), ports: [brokers],
            settings: new Dictionary<string, string>
            {
                ["advertised.listeners"] = string.Create(CultureInfo.InvariantCulture, $"CLIENT://127.0.0.1:{line}"),
            },
            cancel: cancel));
        var redis = Own(await RedisServer.PrepareAsync(Path.Combine(folder, "redis"), cancel: cancel));
        var mongo = Own(await MongoStandIn.PrepareAsync(Path.Combine(folder, "mongo"), cancel: cancel));
        var ports = new Dictionary<string, int>
        {
            ["kafka"] = line,
            ["mysql"] = await proxy.OpenAsync("mysql", mysql.Ports[0], cancel),
            ["mongodb"] = await proxy.OpenAsync("mongodb", mongo.Ports[0], cancel),
            ["redis"] = await proxy.OpenAsync("redis", redis.Ports[0], cancel),
        };
        LocalServer[] servers = [mysql, kafka, redis, mongo];
        foreach (var server in servers) server.Launch();
        foreach (var server in servers) await server.WaitReadyAsync(cancel);
        return new EngineServers(proxy, mysql, kafka, redis, mongo, ports, all) { MySqlDisk = disk };

        T Own<T>(T server)
            where T : IAsyncDisposable
        {
            all.Add(server);
            return server;
        }
    }

    // The last first: a disk goes when its server has ended.
    private static async Task EndAsync(List<IAsyncDisposable> all)
    {
        foreach (var each in Enumerable.Reverse(all)) await each.DisposeAsync();
    }
}
