using System.Diagnostics;
using Tideline.Bench.Figures;
using Tideline.Bench.Load;
using Tideline.Kernel;

namespace Tideline.Bench.Baselines;

/// <summary>
/// A transfer as a typical .NET service does it: ADO.NET, tables with primary keys, many clients at once, each transfer one database transaction that looks up its
/// key, selects the balances, checks, writes the rows and commits. Clients of one file wait for each other as SQLite and its provider make them.
/// </summary>
internal sealed class NaiveSqlite(string folder, int shards, int accountsPerShard, PayloadSizes sizes, TimeProvider time)
{
    /// <summary>Transfers per second with <paramref name="clients"/> clients at once, and how long each took.</summary>
    public async Task<(double PerSecond, Latencies Latencies)> RunAsync(int clients, TimeSpan duration)
    {
        var opened = Enumerable.Range(0, shards).Select(shard => new NaiveShard(Path.Combine(folder, $"shard-{shard}.db"), accountsPerShard, sizes, new SeededRandom(2 + (ulong)shard))).ToArray();
        try
        {
            var started = Stopwatch.GetTimestamp();
            var parts = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Factory.StartNew(
                () => Run(opened[client % shards], new SeededRandom(100 + (ulong)client), duration), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            var all = Latencies.Merge(parts);
            return (all.Count / Stopwatch.GetElapsedTime(started).TotalSeconds, all);
        }
        finally
        {
            foreach (var shard in opened) shard.Close();
        }
    }

    private Latencies Run(NaiveShard shard, SeededRandom random, TimeSpan duration)
    {
        var latencies = new Latencies();
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            var before = Stopwatch.GetTimestamp();
            shard.Transfer(random, time.NowUs());
            latencies.Add(before);
        }

        return latencies;
    }
}
