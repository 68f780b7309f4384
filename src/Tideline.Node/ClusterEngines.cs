#pragma warning disable CA2000 // The caller disposes the engines: IEngineSet.
using Microsoft.Extensions.Logging;
using MongoDB.Driver;
using Tideline.Engines.Cache.Memory;
using Tideline.Engines.Cache.Redis;
using Tideline.Engines.Failover;
using Tideline.Engines.Ledger.MySql;
using Tideline.Engines.Log.Kafka;
using Tideline.Engines.Views.Mongo;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Log;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Node;

/// <summary>The engines of the cluster profile: MySQL, Kafka, MongoDB and Redis.</summary>
internal sealed class ClusterEngines(NodeOptions options, ClusterOptions cluster, ShardOwner owner) : IEngineSet
{
    private readonly bool _isDefault = cluster.Name == ClusterOptions.DefaultName;
    private ReadOnlyMemory<byte> _logSecret;
    private Guid _installation;

    public Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel) => AtAsync<ILedgerStore>(
        async () =>
        {
            var store = await MySqlLedgerStore.OpenAsync(
                new MySqlLedgerOptions
                {
                    Primaries = cluster.MySql, Shards = options.Shards,
                    DatabasePrefix = cluster.Name, Owner = owner, Own = cluster.Own,
                    IsKnown = File.Exists(Path.Combine(options.DataDirectory, Manifest.FileName)),
                },
                options.Time,
                options.Loggers.CreateLogger<MySqlLedgerStore>(),
                cancel);
            (_logSecret, _installation) = (store.LogSecret, store.Epochs(0)[^1].Installation);
            return store;
        },
        () => cluster.MySql.SelectMany(primary => GroupAddress.Parse(primary).Members).Select(member => member.Name));

    // Opened after the ledger, which holds the secret and the id. In an installation that does not share its brokers,
    // topics have the names in the reference.
    public Task<ILog> OpenLogAsync(int shards, CancellationToken cancel) => AtAsync<ILog>(
        async () => await KafkaLog.OpenAsync(
            new KafkaLogOptions
            {
                BootstrapServers = cluster.Kafka, Partitions = shards, TopicPrefix = _isDefault ? ""
                    : $"{cluster.Name}.", Connection = cluster.KafkaConnection,
                Secret = _logSecret, Installation = _installation,
            },
            options.Time,
            options.Loggers.CreateLogger<KafkaLog>(),
            cancel),
        () => [cluster.Kafka]);

    public Task<IViewStore> OpenViewsAsync(CancellationToken cancel) => AtAsync<IViewStore>(
        async () => await MongoViewStore.OpenAsync(new MongoViewOptions(cluster.MongoDb, cluster.Name),
            options.Time, options.Loggers.CreateLogger<MongoViewStore>(), cancel),
        () => MongoUrl.Create(cluster.MongoDb).Servers.Select(server => server.ToString()));

    public async Task<ICache> OpenCacheAsync(CancellationToken cancel) => cluster.Redis is null
        ? new MemoryCache(options.Time)
        : await RedisCache.ConnectAsync(new RedisCacheOptions
        {
            Configuration = cluster.Redis, Prefix = $"{cluster.Name}:"
        }, options.Time, options.Loggers.CreateLogger<RedisCache>(), cancel);

    // The error names the address that does not answer, but nothing else of its connection string.
    private static async Task<T> AtAsync<T>(Func<Task<T>> open, Func<IEnumerable<string>> servers)
    {
        try
        {
            return await open();
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.StorageUnavailable)
        {
            throw new TidelineException(fault.Code,
                $"{fault.Message.TrimEnd('.')}. Servers tried: {string.Join(", ", servers())}.", fault);
        }
    }
}
