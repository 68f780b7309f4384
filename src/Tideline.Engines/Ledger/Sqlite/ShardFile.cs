using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>A shard's file and what its writer and its readers share about it.</summary>
internal sealed class ShardFile(string path, int shard, int shards) : IDisposable
{
    public string Path => path;

    public int Shard => shard;

    /// <summary>How many shards the installation has.</summary>
    public int Shards => shards;

    /// <summary>The installation epochs that the file knows, oldest first.</summary>
    public IReadOnlyList<EpochRow> Epochs { get; set; } = [];

    public Durability Durability { get; } = new(path);

    /// <summary>
    /// Whoever has a file open goes on writing to it when it was deleted: what is acknowledged then is on no disk.
    /// </summary>
    /// <exception cref="TidelineException">Corrupt: the file, or its write-ahead log, is not in its place.</exception>
    public void RequireThere()
    {
        foreach (var name in (string[])[path, path + "-wal"])
        {
            if (!File.Exists(name))
                throw new TidelineException(
                    ErrorCode.Corrupt,
                    $"{name} was removed while the program runs. The shard takes no commands; what was acknowledged "
                        + $"until "
                    + "then is lost unless the file is put back. Else restore the data folder from a backup.");
        }
    }

    public void Dispose() => Durability.Dispose();
}
