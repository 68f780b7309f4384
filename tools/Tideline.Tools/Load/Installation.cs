#pragma warning disable CA2000 // Whoever opens the ledger ends it.
using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using MongoDB.Driver;
using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Node;

namespace Tideline.Tools.Load;

/// <summary>
/// The installation of one run: a data folder and, in the cluster profile, a name of its own on the servers, where
/// everything that bears it is dropped at the end.
/// </summary>
internal sealed class Installation(string dataFolder, int shards, ClusterOptions? cluster) : IAsyncDisposable
{
    private static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(30);
    private readonly ClusterOptions? _cluster = cluster is null
        ? null
        : cluster with { Name = $"run_{new IdGenerator(TimeProvider.System).Next():N}" };

    public string DataFolder => dataFolder;

    public int Shards => shards;

    /// <summary>How a node of it starts in this process.</summary>
    public NodeOptions Node => new() { DataDirectory = dataFolder, Shards = shards, Cluster = _cluster };

    /// <summary>What the environment of the program says, so that it runs on this installation.</summary>
    public IReadOnlyDictionary<string, string?> Variables => _cluster is null
        ? new Dictionary<string, string?> { ["TIDELINE_PROFILE"] = null, ["TIDELINE_CONFIG"] = null }
        : new Dictionary<string, string?>
        {
            ["TIDELINE_CONFIG"] = null, ["TIDELINE_PROFILE"] = "cluster", ["TIDELINE_NAME"] = _cluster.Name,
            ["TIDELINE_MYSQL"] = string.Join('|', _cluster.MySql), ["TIDELINE_KAFKA"] = _cluster.Kafka,
            ["TIDELINE_MONGODB"] = _cluster.MongoDb, ["TIDELINE_REDIS"] = _cluster.Redis,
        };

    /// <summary>
    /// Whether its books can be read while the program runs on them; the embedded engines let one process at a time.
    /// </summary>
    public bool IsShared => _cluster is not null;

    /// <summary>Opens the strong tier, making it where it is not there.</summary>
    public async Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel) => _cluster is null
        ? SqliteLedgerStore.Open(dataFolder, shards)
        : await MySqlLedgerStore.OpenAsync(new MySqlLedgerOptions
        {
            Primaries = _cluster.MySql, Shards = shards, DatabasePrefix = _cluster.Name
        }, TimeProvider.System, NullLogger.Instance, cancel);

    /// <summary>Opens and funds accounts, while nobody runs on it.</summary>
    public async Task<AccountSet> LoadAccountsAsync(
        int count, SeededRandom random, TimeProvider time, CancellationToken cancel)
    {
        await using var store = await OpenLedgerAsync(cancel);
        await using var ledger = await GeneralLedger.StartAsync(
            store, time, new IdGenerator(time), NullLogger.Instance, cancel);
        return await AccountSet.LoadAsync(ledger, count, random, cancel);
    }

    /// <summary>Drops what it made on the servers; its folder is its maker's.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_cluster is null) return;
        for (var shard = 0; shard < shards; shard++) await DropDatabaseAsync(_cluster, shard);
        using var mongo = new MongoClient(_cluster.MongoDb);
        await mongo.DropDatabaseAsync(_cluster.Name, CancellationToken.None);
        await DropTopicsAsync(_cluster);
    }

    private static async Task DropDatabaseAsync(ClusterOptions cluster, int shard)
    {
        await using var connection = new MySqlConnection(cluster.MySql[shard % cluster.MySql.Count]);
        await connection.OpenAsync();
        await using var drop = new MySqlCommand(
            string.Create(CultureInfo.InvariantCulture, $"DROP DATABASE IF EXISTS {cluster.Name}_{shard}"), connection);
        await drop.ExecuteNonQueryAsync();
    }

    private static async Task DropTopicsAsync(ClusterOptions cluster)
    {
        using var admin = new AdminClientBuilder(
            cluster.KafkaConnection.Append(new("bootstrap.servers", cluster.Kafka))).Build();
        var own = admin.GetMetadata(DropLimit).Topics.Select(topic => topic.Topic)
            .Where(topic => topic.StartsWith($"{cluster.Name}.", StringComparison.Ordinal)).ToList();
        if (own.Count > 0) await admin.DeleteTopicsAsync(own);
    }
}
