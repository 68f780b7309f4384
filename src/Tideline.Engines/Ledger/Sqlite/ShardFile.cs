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

    public void Dispose() => Durability.Dispose();
}
