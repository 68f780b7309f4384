using System.Diagnostics;
using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Sagas;
using Tideline.Tools.Load;

namespace Tideline.Tools.Drills;

/// <summary>
/// Waits until nothing is under way: every saga ended, no hold beyond its expiry (I6). Looks into the shards beside the
/// running program.
/// </summary>
internal static class QuiesceWait
{
    private const int Most = 1_000;
    private static readonly SagaState[] Open = [SagaState.Running, SagaState.Compensating, SagaState.Parked];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static async Task<Check> WaitAsync(Installation installation, TimeProvider time, CancellationToken cancel)
    {
        const string Name = "I6 when quiet, every saga has ended and no hold outlives its expiry";
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var (sagas, holds) = installation.IsShared
                ? await CountAsync(installation, time.NowUs(), cancel)
                : Count(installation, time.NowUs());
            if (sagas + holds == 0) return new Check(Name, true, string.Create(
                CultureInfo.InvariantCulture, $"quiet after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
            if (Stopwatch.GetElapsedTime(started) > Limit) return new Check(
                Name, false, $"{sagas} sagas and {holds} expired holds are still open after {Limit.TotalSeconds:0} s");
            await Task.Delay(200, cancel);
        }
    }

    private static async Task<(long Sagas, long Holds)> CountAsync(
        Installation installation, long nowUs, CancellationToken cancel)
    {
        var (sagas, holds) = (0L, 0L);
        await using var store = await installation.OpenLedgerAsync(cancel);
        for (var shard = 0; shard < installation.Shards; shard++)
        {
            await using var reader = store.OpenReader(shard);
            foreach (var state in Open) sagas += (await reader.GetSagasAsync(state, Guid.Empty, Most, cancel)).Count;
            holds += (await reader.GetExpiredHoldsAsync(nowUs, Most, cancel)).Count;
        }

        return (sagas, holds);
    }

    // The store of the embedded engine lets one process at a time; its files can be read beside it.
    private static (long Sagas, long Holds) Count(Installation installation, long nowUs)
    {
        var (sagas, holds) = (0L, 0L);
        for (var shard = 0; shard < installation.Shards; shard++)
        {
            using var database = SqliteDatabase.OpenReader(
                Path.Combine(installation.DataFolder, "ledger", $"shard-{shard}.db"));
            sagas += One(database.Prepare(
                "SELECT count(*) FROM aggregates WHERE at_rest = 0 "
                + "AND state IN ('running', 'compensating', 'parked')"));
            holds += One(
                database.Prepare("SELECT count(*) FROM holds WHERE status = 0 AND expires_us <= ?").Bind(nowUs));
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
