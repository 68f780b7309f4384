using System.Diagnostics;
using Tideline.Kernel;

namespace Tideline.Tools.Baselines;

/// <summary>
/// The ceiling of the engine: the rows of same-shard transfers written by hand in groups, one writer thread a shard,
/// nothing queued, looked up, checked or answered. Balances are kept in memory and each account is written once a
/// batch, in the order of ids. The key of a transfer lives on another shard as often as it does with Tideline, and then
/// costs a reserved row there.
/// </summary>
internal static class RawLoad
{
    /// <summary>Transfers per second over all shards, with <paramref name="batch"/> transfers a commit.</summary>
    public static async Task<double> RunAsync(
        int shards, Func<int, IRawShard> open, TimeProvider time, int batch, TimeSpan duration, bool hot = false)
    {
        var opened = Enumerable.Range(0, shards).Select(open).ToArray();
        try
        {
            var started = Stopwatch.GetTimestamp();
            var counts = await Task.WhenAll(opened.Select(shard => Task.Factory.StartNew(
                () => Write(shard, shards, time, batch, duration, hot),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        finally
        {
            foreach (var shard in opened) shard.Dispose();
        }
    }

    private static long Write(IRawShard shard, int shards, TimeProvider time, int batch, TimeSpan duration, bool hot)
    {
        var work = new RawBatch(shard, shards);
        var started = Stopwatch.GetTimestamp();
        var count = 0L;
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            for (var index = 0; index < batch; index++) work.Add(hot);
            work.Commit(time.NowUs());
            count += batch;
        }

        return count;
    }
}
