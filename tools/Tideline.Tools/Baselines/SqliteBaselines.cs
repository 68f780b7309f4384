using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>The baselines on SQLite: a file a shard, in a folder.</summary>
internal sealed class SqliteBaselines(
    string folder, int shards, int accountsPerShard, PayloadSizes sizes, TimeProvider time) : IBaselines
{
    public Task<double> RawAsync(int batch, TimeSpan duration)
    {
        var place = Directory.CreateDirectory(Path.Combine(folder, $"raw-{batch}")).FullName;
        return RawLoad.RunAsync(shards,
            shard => new SqliteRawShard(place, shard, shards, accountsPerShard, sizes, seed: 1), time, batch, duration);
    }

    public Task<(double PerSecond, Latencies Latencies)> NaiveAsync(int clients, TimeSpan duration)
    {
        var place = Directory.CreateDirectory(Path.Combine(folder, "naive")).FullName;
        return NaiveLoad.RunAsync(shards, shard => new NaiveShard(
            NaiveEngine.OfSqlite(Path.Combine(place, $"shard-{shard}.db")), accountsPerShard, sizes, new SeededRandom(2 + (ulong)shard)), time, clients, duration);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
