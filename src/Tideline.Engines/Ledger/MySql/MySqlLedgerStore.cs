using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>The strong tier on MySQL: a database a shard, on one primary or on several.</summary>
public sealed partial class MySqlLedgerStore : ILedgerStore
{
    private readonly MySqlAddress[] _addresses;
    private readonly IReadOnlyList<EpochRow>[] _epochs;
    private readonly IReadOnlySet<int>? _own;
    private readonly bool _isKnown;
    private readonly SteadyClock _time;
    private readonly ILogger _logger;

    private MySqlLedgerStore(
        MySqlAddress[] addresses, Placement placement, MySqlLedgerOptions options, TimeProvider time, ILogger logger) =>
        (_addresses, _epochs, Self, _own, _isKnown, _time, _logger, Map, Placement) =
            (addresses, new IReadOnlyList<EpochRow>[addresses.Length], options.Owner, options.Own, options.IsKnown,
                SteadyClock.Of(time), logger, new ShardMap(addresses.Length), placement);

    /// <inheritdoc/>
    public ShardMap Map { get; }

    /// <inheritdoc/>
    public Placement Placement { get; }

    /// <inheritdoc/>
    public ShardOwner Self { get; }

    /// <summary>
    /// Makes the databases and tables that are not there and brings the others up to date. Safe for several processes
    /// at once.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput. IncompatibleData: a newer format, or another number of shards.
    /// StorageUnavailable: a server does not answer or refuses. Corrupt: a database of the installation is
    /// missing.</exception>
    public static async Task<MySqlLedgerStore> OpenAsync(
        MySqlLedgerOptions options, TimeProvider time, ILogger logger, CancellationToken cancel)
    {
        options.Require();
        MySqlLedgerStore? store = null;
        try
        {
            // One finder a group: what one shard finds out, all of its shards know.
            var finders = options.Primaries.Select(primary => new PrimaryFinder(GroupAddress.Parse(primary))).ToArray();
            var placement = await Task.Run(() => Place(options, finders), cancel);
            MySqlAddress[] addresses =
            [
                .. placement.Shards.Select((place, shard) => AddressOf(options, finders[place.Group], shard)),
            ];
            store = new MySqlLedgerStore(addresses, placement, options, time, logger);
            store.RequireOwn();
            await Task.Run(store.Ensure, cancel);
            return store;
        }
        catch (Exception fault)
        {
            if (store is not null) await store.DisposeAsync();
            if (fault is MySqlException refused) throw refused.Told();
            throw;
        }
    }

    /// <summary>What seals the installation's records on the bus.</summary>
    internal ReadOnlyMemory<byte> LogSecret { get; private set; }

    /// <summary>Where both shards live on one primary.</summary>
    public bool TakesKeysOf(int shard, int home) => _addresses[shard].SharesPrimaryWith(_addresses[home]);

    /// <inheritdoc/>
    public IReadOnlyList<EpochRow> Epochs(int shard) => shard >= 0 && shard < _epochs.Length ? _epochs[shard] : [];

    /// <inheritdoc/>
    public async ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel)
    {
        try
        {
            await Task.Run(
                () =>
                {
                    using var connection = _addresses[shard].OpenWriter();
                    MySqlEpochs.Ensure(connection, epoch);
                    _epochs[shard] = MySqlEpochs.Read(connection);
                },
                cancel);
        }
        catch (MySqlException refused)
        {
            throw refused.Told();
        }
    }

    /// <inheritdoc/>
    public IShardStore OpenWriter(int shard) => new MySqlShardStore(
        _addresses[shard], home => _addresses[home].Database, () => _epochs[shard][^1].Number, shard, Self,
        _own?.Contains(shard) ?? true, _time, _logger);

    /// <inheritdoc/>
    public IShardReader OpenReader(int shard) => new MySqlShardReader(_addresses[shard], shard, _time);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var address in _addresses) await address.DisposeAsync();
    }

    // Where the data is, or where new data goes. Every group is asked: one of them may have lost what it had.
    private static Placement Place(MySqlLedgerOptions options, PrimaryFinder[] finders)
    {
        var found = MySqlPlacement.Newest(finders.Select(
            finder => AddressOf(options, finder, 0).FindPlacement(options.DatabasePrefix)));
        found?.Require(finders.Length);
        var shards = options.Shards ?? found?.Shards.Count ?? MySqlLedgerOptions.DefaultShards;
        // Another number of shards is refused by the first one's head, before anything is written.
        return found?.Shards.Count == shards ? found : Placement.Over(shards, finders.Length);
    }

    private static MySqlAddress AddressOf(MySqlLedgerOptions options, PrimaryFinder finder, int shard) =>
        new(finder, string.Create(CultureInfo.InvariantCulture, $"{options.DatabasePrefix}_{shard}"));

    private void RequireOwn()
    {
        if (_own?.Where(shard => shard < 0 || shard >= Map.Shards).Order().ToArray() is [var first, ..])
            throw new TidelineException(ErrorCode.InvalidInput,
                $"There is no shard {first} to prefer: the installation has shards 0 to {Map.Shards - 1}.");
    }

    // An empty database in the place of a lost one would look as if nothing had ever been on it. In this order: another
    // process may be making all of them now, and uses none before.
    private void RequireNoLoss()
    {
        if (!_isKnown && !Array.Exists(_addresses, address => address.IsUsed())) return;
        var lost = Array.FindIndex(_addresses, address => !address.IsMade());
        if (lost < 0) return;
        throw new TidelineException(
            ErrorCode.Corrupt,
            $"The database {_addresses[lost].Database} is missing, shard {lost} of {_addresses.Length} of the "
            + $"installation: acknowledged commands on it are lost. Restore the databases of all shards from one "
            + $"backup "
            + $"(docs/operating/backup.md). For a new, empty installation choose another name and another data "
            + $"folder.");
    }

    private void Ensure()
    {
        RequireNoLoss();
        for (var shard = 0; shard < _addresses.Length; shard++)
        {
            _addresses[shard].EnsureDatabase();
            using var connection = _addresses[shard].OpenWriter();
            if (MySqlSchema.Ensure(connection, shard, Placement) is { } why)
                NotReadable(_logger, _addresses[shard].Database, why);
            // The first shard's id is the installation's.
            var first = shard == 0 ? new Guid(RandomNumberGenerator.GetBytes(16)) : _epochs[0][0].Installation;
            MySqlEpochs.Ensure(connection, new EpochRow(1, first, 0, 0, 0, 0, "new data"));
            _epochs[shard] = MySqlEpochs.Read(connection);
            if (shard == 0) LogSecret = MySql.LogSecret.Of(connection);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The tables and views for people are not all there in {Database}: {Reason} "
            + "The ledger works without them.")]
    private static partial void NotReadable(ILogger logger, string database, string reason);
}
