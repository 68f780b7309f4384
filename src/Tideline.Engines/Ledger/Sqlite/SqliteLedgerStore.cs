#pragma warning disable CA2000 // The lock lives as long as the store; Dispose gives it back.
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>The strong tier in a folder: one SQLite file a shard, <c>DIR/ledger/shard-N.db</c>, for one process at a time.</summary>
public sealed class SqliteLedgerStore : ILedgerStore
{
    private readonly DirectoryLock _lock;
    private readonly ShardFile[] _files;

    private SqliteLedgerStore(DirectoryLock @lock, ShardFile[] files) => (_lock, _files, Map) = (@lock, files, new ShardMap(files.Length));

    /// <inheritdoc/>
    public ShardMap Map { get; }

    /// <summary>
    /// Opens the data of <paramref name="dataDirectory"/>, or makes it with <paramref name="shards"/> shards (null: as many as the data has, else one for each
    /// processor).
    /// </summary>
    /// <exception cref="TidelineException">AlreadyOwned: another process uses the folder. IncompatibleData: a newer format, or another number of shards.
    /// StorageUnavailable: the folder cannot be written.</exception>
    public static SqliteLedgerStore Open(string dataDirectory, int? shards = null)
    {
        if (shards is < 1 or > Limits.Shards) throw new TidelineException(ErrorCode.InvalidInput, $"The number of shards is 1 to {Limits.Shards}.");
        var owned = DirectoryLock.Take(Path.GetFullPath(dataDirectory));
        try
        {
            var directory = Path.Combine(Path.GetFullPath(dataDirectory), "ledger");
            Directory.CreateDirectory(directory);
            var stored = StoredShards(directory);
            if (stored is { } there && shards is { } asked && there != asked)
                throw new TidelineException(ErrorCode.IncompatibleData, $"The data in {dataDirectory} has {there} shards, not {asked}. The number of shards is fixed when the data is made.");
            var count = stored ?? shards ?? NodeOptions.DefaultShards;
            return new SqliteLedgerStore(owned, [.. Enumerable.Range(0, count).Select(shard => EnsureShard(directory, shard, count))]);
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }

    /// <summary>Never: each shard is a file with a log of its own.</summary>
    public bool TakesKeysOf(int shard, int home) => false;

    /// <inheritdoc/>
    public IShardStore OpenWriter(int shard) => new SqliteShardStore(_files[Require(shard)]);

    /// <inheritdoc/>
    public IShardReader OpenReader(int shard) => new SqliteShardReader(_files[Require(shard)]);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (var file in _files) file.Dispose();
        _lock.Dispose();
        return ValueTask.CompletedTask;
    }

    private static int? StoredShards(string directory)
    {
        var path = PathOf(directory, 0);
        if (!File.Exists(path)) return null;
        using var database = SqliteDatabase.OpenWriter(path);
        return LedgerSchema.ShardsOf(database);
    }

    private static ShardFile EnsureShard(string directory, int shard, int shards)
    {
        var file = new ShardFile(PathOf(directory, shard), shard, shards);
        using var database = SqliteDatabase.OpenWriter(file.Path);
        LedgerSchema.Ensure(database, shard, shards);
        return file;
    }

    private static string PathOf(string directory, int shard) => Path.Combine(directory, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"shard-{shard}.db"));

    private int Require(int shard) => shard >= 0 && shard < Map.Shards
        ? shard
        : throw new ArgumentOutOfRangeException(nameof(shard), shard, $"There are {Map.Shards} shards.");
}
