using System.Globalization;
using Microsoft.Extensions.Logging;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>The strong tier on MySQL: a database a shard, on one primary or on several.</summary>
public sealed class MySqlLedgerStore : ILedgerStore
{
    private readonly MySqlAddress[] _addresses;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    private MySqlLedgerStore(MySqlAddress[] addresses, TimeProvider time, ILogger logger) => (_addresses, _time, _logger, Map) = (addresses, time, logger, new ShardMap(addresses.Length));

    /// <inheritdoc/>
    public ShardMap Map { get; }

    /// <summary>Makes the databases and tables that are not there and brings the others up to date. Safe for several processes at once.</summary>
    /// <exception cref="TidelineException">InvalidInput. IncompatibleData: a newer format, or another number of shards. StorageUnavailable: a server does not answer or refuses.</exception>
    public static async Task<MySqlLedgerStore> OpenAsync(MySqlLedgerOptions options, TimeProvider time, ILogger logger, CancellationToken cancel)
    {
        options.Require();
        var addresses = new MySqlAddress[options.Shards];
        for (var shard = 0; shard < addresses.Length; shard++)
            addresses[shard] = new MySqlAddress(options.Primaries[shard % options.Primaries.Count], string.Create(CultureInfo.InvariantCulture, $"{options.DatabasePrefix}_{shard}"));
        var store = new MySqlLedgerStore(addresses, time, logger);
        try
        {
            await Task.Run(store.Ensure, cancel);
            return store;
        }
        catch (Exception fault)
        {
            await store.DisposeAsync();
            if (fault is MySqlException refused) throw refused.Told();
            throw;
        }
    }

    /// <inheritdoc/>
    public IShardStore OpenWriter(int shard) => new MySqlShardStore(_addresses[shard], shard, _time, _logger);

    /// <inheritdoc/>
    public IShardReader OpenReader(int shard) => new MySqlShardReader(_addresses[shard], shard);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var address in _addresses) await address.DisposeAsync();
    }

    private void Ensure()
    {
        for (var shard = 0; shard < _addresses.Length; shard++)
        {
            _addresses[shard].EnsureDatabase();
            using var connection = _addresses[shard].OpenWriter();
            MySqlSchema.Ensure(connection, shard, _addresses.Length);
        }
    }
}
