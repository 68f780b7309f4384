#pragma warning disable CA2000 // The lock lives as long as the store; Dispose gives it back.
using System.Security.Cryptography;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The strong tier in a folder: one SQLite file a shard, <c>DIR/ledger/shard-N.db</c>, for one process at a time.
/// </summary>
public sealed class SqliteLedgerStore : ILedgerStore
{
    /// <summary>The folder of the ledger's files in a data folder.</summary>
    public const string Folder = "ledger";

    private readonly DirectoryLock _lock;
    private readonly ShardFile[] _files;

    private SqliteLedgerStore(DirectoryLock @lock, ShardFile[] files) =>
        (_lock, _files, Map) = (@lock, files, new ShardMap(files.Length));

    /// <inheritdoc/>
    public ShardMap Map { get; }

    /// <inheritdoc/>
    public ShardOwner Self { get; } = new(ShardOwner.ThisProcess, "", Guid.Empty);

    /// <summary>
    /// Opens the data of <paramref name="dataDirectory"/>, or makes it with <paramref name="shards"/> shards (null: as
    /// many as the data has, else one for each processor).
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: it is a backup. AlreadyOwned: another process uses the folder.
    /// IncompatibleData: a newer format, or another number of shards. StorageUnavailable: the folder cannot be written.
    /// Corrupt: a file of the ledger is missing.</exception>
    public static SqliteLedgerStore Open(string dataDirectory, int? shards = null)
    {
        if (shards is < 1 or > Limits.Shards)
            throw new TidelineException(ErrorCode.InvalidInput, $"The number of shards must be 1 to {Limits.Shards}.");
        if (File.Exists(Path.Combine(dataDirectory, BackupManifest.FileName)))
            throw new TidelineException(
                ErrorCode.InvalidInput, $"{dataDirectory} is a backup, which must not change. Restore it into "
                    + $"another folder: ./tideline restore {dataDirectory} --data DIR");
        var owned = DirectoryLock.Take(Path.GetFullPath(dataDirectory));
        try
        {
            var directory = Path.Combine(Path.GetFullPath(dataDirectory), Folder);
            if (!Directory.Exists(directory)) Create(directory, shards ?? ShardMap.DefaultShards);
            // Before SQLite opens any of them: closing it would lay the log over the file.
            foreach (var path in Directory.EnumerateFiles(directory, "shard-*.db")) FilePair.Require(path);
            var stored = StoredShards(directory);
            if (shards is { } asked && stored != asked)
                throw new TidelineException(ErrorCode.IncompatibleData, $"The data in {dataDirectory} has {stored} "
                    + $"shards, not {asked}. The number of shards is fixed when the data is created.");
            return new SqliteLedgerStore(
                owned, [.. Enumerable.Range(0, stored).Select(shard => OpenShard(directory, shard, stored))]);
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
    public IReadOnlyList<EpochRow> Epochs(int shard) => shard >= 0 && shard < Map.Shards ? _files[shard].Epochs : [];

    /// <inheritdoc/>
    public ValueTask BeginEpochAsync(int shard, EpochRow epoch, CancellationToken cancel)
    {
        var file = _files[Require(shard)];
        using var database = SqliteDatabase.OpenWriter(file.Path);
        database.Begin();
        Sqlite.Epochs.Add(database, epoch);
        database.Commit();
        file.Epochs = [.. file.Epochs, epoch];
        return ValueTask.CompletedTask;
    }

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

    // All files of new data appear together by one rename, so that a file that is missing later is a loss and never a
    // beginning.
    private static void Create(string directory, int shards)
    {
        var making = directory + ".new";
        if (Directory.Exists(making)) Directory.Delete(making, recursive: true);
        Directory.CreateDirectory(making);
        var installation = new Guid(RandomNumberGenerator.GetBytes(16));
        for (var shard = 0; shard < shards; shard++)
        {
            using var database = SqliteDatabase.OpenWriter(PathOf(making, shard));
            LedgerSchema.Create(database, shard, shards, new EpochRow(1, installation, 0, 0, 0, 0, "new data"));
        }

        DurableFile.FlushDirectory(making);
        Directory.Move(making, directory);
        DurableFile.FlushDirectory(Path.GetDirectoryName(directory)!);
    }

    // Every file says how many there are: whichever is missing, the others tell.
    private static int StoredShards(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "shard-*.db").Order(StringComparer.Ordinal))
        {
            using var database = SqliteDatabase.OpenWriter(path);
            if (LedgerSchema.ShardsOf(database) is not { } shards) continue;
            for (var shard = 0; shard < shards; shard++)
            {
                if (!File.Exists(PathOf(directory, shard))) throw Missing(PathOf(directory, shard), shards);
            }

            return shards;
        }

        throw new TidelineException(ErrorCode.Corrupt,
            $"{directory} holds no ledger: its files are lost. Restore the data folder from a backup.");
    }

    private static TidelineException Missing(string path, int shards) => new(
        ErrorCode.Corrupt,
        $"{path} is missing, one of {shards} files of the ledger: acknowledged commands on it are lost. Put the file "
            + $"and its -wal back, or restore the data folder from a backup.");

    private static ShardFile OpenShard(string directory, int shard, int shards)
    {
        var file = new ShardFile(PathOf(directory, shard), shard, shards);
        using var database = SqliteDatabase.OpenWriter(file.Path);
        LedgerSchema.Require(database, shard, shards);
        file.Epochs = Sqlite.Epochs.Read(database);
        return file;
    }

    /// <summary>The path of a shard's file in a data folder.</summary>
    internal static string FileOf(int shard) => PathOf(Folder, shard);

    private static string PathOf(string directory, int shard) =>
        Path.Combine(directory, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"shard-{shard}.db"));

    private int Require(int shard) => shard >= 0 && shard < Map.Shards
        ? shard
        : throw new ArgumentOutOfRangeException(nameof(shard), shard, $"There are {Map.Shards} shards.");
}
