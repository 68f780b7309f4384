using System.Diagnostics;
using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Bench.Drills;

/// <summary>Waits until nothing is under way: every saga ended, no hold beyond its expiry (I6). Looks into the shard files beside the running program.</summary>
internal static class Quiet
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static async Task<Check> WaitAsync(string dataFolder, int shards, TimeProvider time, CancellationToken cancel)
    {
        const string Name = "I6 when quiet, every saga has ended and no hold outlives its expiry";
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var (sagas, holds) = Count(dataFolder, shards, time.NowUs());
            if (sagas + holds == 0) return new Check(Name, true, string.Create(CultureInfo.InvariantCulture, $"quiet after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
            if (Stopwatch.GetElapsedTime(started) > Limit) return new Check(Name, false, $"{sagas} sagas and {holds} expired holds are still open after {Limit.TotalSeconds:0} s");
            await Task.Delay(200, cancel);
        }
    }

    private static (long Sagas, long Holds) Count(string dataFolder, int shards, long nowUs)
    {
        var (sagas, holds) = (0L, 0L);
        for (var shard = 0; shard < shards; shard++)
        {
            using var database = SqliteDatabase.OpenReader(Path.Combine(dataFolder, "ledger", $"shard-{shard}.db"));
            sagas += One(database.Prepare("SELECT count(*) FROM sagas WHERE state IN (0, 2, 4)"));
            holds += One(database.Prepare("SELECT count(*) FROM holds WHERE status = 0 AND expires_us <= ?").Bind(nowUs));
        }

        return (sagas, holds);
    }

    private static long One(SqliteStatement statement)
    {
        var value = statement.Step() ? statement.Long(0) : 0;
        statement.Reset();
        return value;
    }
}
