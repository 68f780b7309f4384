using System.Collections.Concurrent;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Log;
using Tideline.Tests.Ledger;

namespace Tideline.Tests.Races;

/// <summary>Threads that append to one embedded log, wait for it and read it.</summary>
public sealed class LogRaceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static int s_races;

    [Fact]
    public async Task Appends_of_threads_stand_one_after_the_other_and_wake_everybody_who_waits()
    {
        var folder = Directory.CreateDirectory(Bank.NewFolder()).FullName;
        await using (var log = SqliteLog.Open(folder, new FakeTimeProvider()))
        {
            await Sampling.RunAsync(() => Gen.Const(() => (new LogRace(log), new Counts()))
                .SampleParallel(
                    Gen.Int[1, 20].Operation<LogRace, Counts>(
                        count => $"append {count}", (race, count) => race.AppendAsync(count).GetAwaiter().GetResult(),
                        (counts, count) => counts.Appended += count),
                    Gen.Int[1, 400].Operation<LogRace, Counts>(
                        times => $"wait {times} times", (race, times) => race.WaitAsync(times).GetAwaiter().GetResult(),
                        (_, _) => { }),
                    equal: (race, counts) => race.IsAsAfterAsync(counts.Appended).GetAwaiter().GetResult(),
                    maxSequentialOperations: 1, maxParallelOperations: 6, iter: 100, threads: 3,
                    printActual: race => $"{race}"));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_pool_of_readers_that_was_closed_keeps_no_connection_open()
    {
        var folder = Directory.CreateDirectory(Bank.NewFolder()).FullName;
        var path = Path.Combine(folder, "pool.db");
        using (var writer = SqliteDatabase.OpenWriter(path))
        {
            writer.Execute("CREATE TABLE numbers(n INTEGER)");
            await Sampling.RunAsync(() => Gen.Const(() => (new PoolRace(path), new Counts()))
                .SampleParallel(
                    Gen.Operation<PoolRace, Counts>("read", race => race.Read(), _ => { }),
                    Gen.Operation<PoolRace, Counts>("close", race => race.Close(), counts => counts.Closed++),
                    equal: (race, counts) => race.IsSound(counts.Closed > 0), maxSequentialOperations: 1,
                    maxParallelOperations: 4, iter: 100, threads: 3, printActual: race => $"{race}"));
        }

        Directory.Delete(folder, recursive: true);
    }

    private sealed class Counts
    {
        public int Appended { get; set; }

        public int Closed { get; set; }
    }

    /// <summary>A topic of its own; every append has a source of its own.</summary>
    private sealed class LogRace(SqliteLog log)
    {
        private readonly string _topic = $"race-{Interlocked.Increment(ref s_races)}";
        private readonly ConcurrentBag<(long Offset, Task Wait)> _waits = [];
        private int _sources;

        public async Task AppendAsync(int count)
        {
            var source = $"source-{Interlocked.Increment(ref _sources)}";
            await log.AppendAsync(
                [.. Enumerable.Range(1, count).Select(seq => new LogRecord(
                    _topic, 0, 0, source, seq, Guid.Empty, "COUNTED", Guid.Empty, 0, 0, "{}"u8.ToArray()))], default);
        }

        public async Task WaitAsync(int times)
        {
            for (var time = 0; time < times; time++)
            {
                var offset = await log.GetHeadAsync(_topic, 0, default);
                _waits.Add((offset, MovedAsync(offset)));
            }
        }

        /// <summary>
        /// Whether so many records stand there, each append in one piece, and all are awake who waited for one of them.
        /// </summary>
        public async Task<bool> IsAsAfterAsync(int appended)
        {
            var records = await log.ReadAsync(_topic, 0, 0, 10_000, default);
            var offsets = Enumerable.Range(1, appended).Select(offset => (long)offset);
            if (!records.Select(record => record.Offset).SequenceEqual(offsets)
                || await log.GetHeadAsync(_topic, 0, default) != appended) return false;
            for (var at = 1; at < records.Count; at++)
            {
                if (records[at].SourceSeq == 1) continue;
                (records[at].Source, records[at].SourceSeq)
                    .ShouldBe((records[at - 1].Source, records[at - 1].SourceSeq + 1));
            }

            foreach (var (offset, wait) in _waits)
            {
                if (offset < appended) await wait.WaitAsync(Limit);
                else wait.IsCompleted.ShouldBeFalse();
            }

            return true;
        }

        public override string ToString() => $"{_topic} of {_sources} sources, {_waits.Count} waits";

        // Whoever waits looks again when it is awake.
        private async Task MovedAsync(long offset)
        {
            while (await log.GetHeadAsync(_topic, 0, default) <= offset)
                await log.WaitAsync(_topic, 0, offset, TimeSpan.FromHours(1), default);
        }
    }

    /// <summary>Some pools, which are closed just when a connection comes back.</summary>
    private sealed class PoolRace(string path)
    {
        private const int Pools = 12;
        private readonly Meeting _meeting = new(Pools);
        private readonly ReaderPool[] _pools = [.. Enumerable.Range(0, Pools).Select(_ => new ReaderPool(path))];
        private readonly ConcurrentDictionary<SqliteDatabase, bool> _opened = new();

        public void Read()
        {
            for (var pool = 0; pool < Pools; pool++)
            {
                try
                {
                    _pools[pool].Read(database =>
                    {
                        _meeting.Arrive(pool);
                        return _opened.TryAdd(database, true);
                    });
                }
                catch (ObjectDisposedException)
                {
                    // It was closed before.
                }
            }
        }

        public void Close()
        {
            for (var pool = 0; pool < Pools; pool++)
            {
                _meeting.Arrive(pool);
                _pools[pool].Dispose();
            }
        }

        public bool IsSound(bool isClosed) => !isClosed || _opened.Keys.All(IsClosed);

        public override string ToString() => $"{_opened.Count} opened, {_opened.Keys.Count(IsClosed)} closed";

        private static bool IsClosed(SqliteDatabase database)
        {
            try
            {
                database.Prepare("SELECT 1");
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }
}
