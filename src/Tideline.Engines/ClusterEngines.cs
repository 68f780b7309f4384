using Microsoft.Extensions.Logging;
using Tideline.Cache;
using Tideline.Engines.Cache.Memory;
using Tideline.Engines.Cache.Redis;
using Tideline.Engines.Ledger.MySql;
using Tideline.Engines.Log.Kafka;
using Tideline.Engines.Views.Mongo;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Engines;

/// <summary>MySQL, Kafka, MongoDB and Redis.</summary>
internal sealed class ClusterEngines(NodeOptions options, ClusterOptions cluster, ShardOwner owner) : IEngineSet
{
    private readonly bool _isDefault = cluster.Name == ClusterOptions.DefaultName;

    public async Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel) => await MySqlLedgerStore.OpenAsync(
        new MySqlLedgerOptions { Primaries = cluster.MySql, Shards = options.Shards, DatabasePrefix = cluster.Name, Owner = owner, Own = cluster.Own }, options.Time, options.Loggers.CreateLogger<MySqlLedgerStore>(), cancel);

    // The topics of an installation that has the brokers for itself have the names that stand in the reference.
    public async Task<ILog> OpenLogAsync(int shards, CancellationToken cancel) => await KafkaLog.OpenAsync(
        new KafkaLogOptions { BootstrapServers = cluster.Kafka, Partitions = shards, TopicPrefix = _isDefault ? "" : $"{cluster.Name}.", Connection = cluster.KafkaConnection },
        options.Time,
        options.Loggers.CreateLogger<KafkaLog>(),
        cancel);

    public async Task<IViewStore> OpenViewsAsync(CancellationToken cancel) =>
        await MongoViewStore.OpenAsync(new MongoViewOptions(cluster.MongoDb, cluster.Name), options.Time, options.Loggers.CreateLogger<MongoViewStore>(), cancel);

    public async Task<ICache> OpenCacheAsync(CancellationToken cancel) => cluster.Redis is null
        ? new MemoryCache(options.Time)
        : await RedisCache.ConnectAsync(new RedisCacheOptions { Configuration = cluster.Redis, Prefix = $"{cluster.Name}:" }, options.Time, options.Loggers.CreateLogger<RedisCache>(), cancel);
}
