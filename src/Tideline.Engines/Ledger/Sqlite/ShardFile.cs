using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>A shard's file and what its writer and its readers share about it.</summary>
internal sealed class ShardFile(string path, int shard, int shards) : IDisposable
{
    private readonly string _logPath = path + "-wal";
    private FileIdentity? _file;
    private FileIdentity? _log;

    public string Path => path;

    public int Shard => shard;

    /// <summary>How many shards the installation has.</summary>
    public int Shards => shards;

    /// <summary>The installation epochs that the file knows, oldest first.</summary>
    public IReadOnlyList<EpochRow> Epochs { get; set; } = [];

    public Durability Durability { get; } = new(path);

    /// <summary>Keeps which files the writer has open.</summary>
    public void Opened() => (_file, _log) = (FileIdentity.Of(path), FileIdentity.Of(_logPath));

    /// <summary>
    /// Whoever has a file open goes on writing to it when it was deleted, or another one put in its place: what is
    /// acknowledged then is in no file that the next start finds.
    /// </summary>
    /// <exception cref="TidelineException">Corrupt: the file, or its write-ahead log, is not in its place.</exception>
    public void RequireThere()
    {
        Require(path, _file);
        Require(_logPath, _log);
    }

    private static void Require(string name, FileIdentity? opened)
    {
        var now = FileIdentity.Of(name);
        if (now is not null && now == opened) return;
        var what = now is null ? "removed" : "replaced by another file";
        throw new TidelineException(
            ErrorCode.Corrupt,
            $"{name} was {what} while the program runs. The shard takes no commands; what was acknowledged until then "
                + "is lost unless the file is put back. Else restore the data folder from a backup.");
    }

    public void Dispose() => Durability.Dispose();
}
