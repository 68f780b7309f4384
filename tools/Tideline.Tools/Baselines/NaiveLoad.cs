using System.Diagnostics;
using Tideline.Kernel;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// A transfer as a typical .NET service does it: ADO.NET, tables with primary keys, many clients at once, each transfer
/// one database transaction that looks up its key, selects the balances, checks, writes the rows and commits. Clients
/// wait for each other as the engine and its provider make them.
/// </summary>
internal static class NaiveLoad
{
    /// <summary>Transfers per second with <paramref name="clients"/> clients at once, and how long each took.</summary>
    public static async Task<(double PerSecond, Latencies Latencies)> RunAsync(
        int shards, Func<int, NaiveShard> open, TimeProvider time, int clients, TimeSpan duration)
    {
        var opened = Enumerable.Range(0, shards).Select(open).ToArray();
        try
        {
            var started = Stopwatch.GetTimestamp();
            var parts = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Factory.StartNew(
                () => Run(opened[client % shards], new SeededRandom(100 + (ulong)client), time, duration),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            var all = Latencies.Merge(parts);
            return (all.Count / Stopwatch.GetElapsedTime(started).TotalSeconds, all);
        }
        finally
        {
            foreach (var shard in opened) shard.Dispose();
        }
    }

    private static Latencies Run(NaiveShard shard, SeededRandom random, TimeProvider time, TimeSpan duration)
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
