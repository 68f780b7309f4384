using System.Globalization;
using Tideline.Node;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Faults;

/// <summary>
/// Servers of the drill's own for the cluster profile, and a line to each that can be cut, silenced and slowed.
/// </summary>
internal sealed class EngineServers : IAsyncDisposable
{
    private readonly Toxiproxy _proxy;
    private readonly SmallDisk? _mySqlDisk;

    private EngineServers(
        Toxiproxy proxy, SmallDisk? mySqlDisk, MySqlServer mySql, KafkaServer kafka, RedisServer redis,
        MongoStandIn mongo, IReadOnlyDictionary<string, int> ports)
    {
        (_proxy, _mySqlDisk) = (proxy, mySqlDisk);
        (MySql, Kafka, Redis, Mongo) = (mySql, kafka, redis, mongo);
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
    public SmallDisk? MySqlDisk => _mySqlDisk;

    /// <summary>The addresses of the servers themselves.</summary>
    public ClusterOptions Addresses { get; }

    /// <summary>The addresses behind the lines, as the environment of a node has them.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>Cuts, silences, slows and heals the lines.</summary>
    public Toxiproxy Proxy => _proxy;

    public static async Task<EngineServers> StartAsync(string folder, CancellationToken cancel)
    {
        var proxy = Toxiproxy.Prepare(Path.Combine(folder, "lines"));
        await proxy.StartAsync(cancel);
        var disk = await SmallDisk.MountAsync(Path.Combine(folder, "mysql"), SmallDisk.MySqlMiB, cancel);
        // A small redo log: files of the size of the disk would fill it.
        var mysql = await MySqlServer.PrepareAsync(
            Path.Combine(folder, "mysql"), options: ["--innodb-redo-log-capacity=128M"], cancel: cancel);
        var brokers = (Client: LoopbackPort.Next(), Controller: LoopbackPort.Next());
        // Its clients take the address that it gives them.
        var line = await proxy.OpenAsync("kafka", brokers.Client, cancel);
        var kafka = await KafkaServer.PrepareAsync(
            Path.Combine(folder, "kafka"), ports: [brokers],
            settings: new Dictionary<string, string>
            {
                ["advertised.listeners"] = string.Create(CultureInfo.InvariantCulture, $"CLIENT://127.0.0.1:{line}"),
            },
            cancel: cancel);
        var redis = await RedisServer.PrepareAsync(Path.Combine(folder, "redis"), cancel: cancel);
        var mongo = await MongoStandIn.PrepareAsync(Path.Combine(folder, "mongo"), cancel: cancel);
        var ports = new Dictionary<string, int>
        {
            ["kafka"] = line,
            ["mysql"] = await proxy.OpenAsync("mysql", mysql.Ports[0], cancel),
            ["mongodb"] = await proxy.OpenAsync("mongodb", mongo.Ports[0], cancel),
            ["redis"] = await proxy.OpenAsync("redis", redis.Ports[0], cancel),
        };
        var servers = new EngineServers(proxy, disk, mysql, kafka, redis, mongo, ports);
        LocalServer[] all = [mysql, kafka, redis, mongo];
        foreach (var server in all) server.Launch();
        foreach (var server in all) await server.WaitReadyAsync(cancel);
        return servers;
    }

    public async ValueTask DisposeAsync()
    {
        await Mongo.DisposeAsync();
        await Redis.DisposeAsync();
        await Kafka.DisposeAsync();
        await MySql.DisposeAsync();
        await _proxy.DisposeAsync();
        if (_mySqlDisk is not null) await _mySqlDisk.DisposeAsync();
    }
}
