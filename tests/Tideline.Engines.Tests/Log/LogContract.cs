using CsCheck;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

/// <summary>What every engine of the bus must do. An engine's tests inherit it and say how to open one on a folder of its own.</summary>
public abstract class LogContract : IAsyncLifetime
{
    private readonly IdGenerator _ids = new(TimeProvider.System, 1);

    protected ILog Log { get; private set; } = null!;

    protected abstract ValueTask<ILog> OpenAsync();

    protected abstract ValueTask DeleteAsync();

    public async ValueTask InitializeAsync() => Log = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        await DeleteAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Records_come_back_whole_and_in_order()
    {
        var record = Record("shard-0", 1) with { Type = "ACCOUNT_DEBITED", Version = 9, TimeUs = 77, Data = "{\"a\":1}"u8.ToArray() };
        await Log.AppendAsync([record, Record("shard-0", 2), Record("shard-1", 1)], default);
        var read = await Log.ReadAsync("t", 0, 0, 10, default);
        read.Select(r => (r.Offset, r.Source, r.SourceSeq)).ShouldBe([(1, "shard-0", 1), (2, "shard-0", 2), (3, "shard-1", 1)]);
        (read[0] with { Data = default }).ShouldBe(record with { Offset = 1, Data = default });
        read[0].Data.ToArray().ShouldBe(record.Data.ToArray());
        (await Log.GetHeadAsync("t", 0, default)).ShouldBe(3);
        (await Log.ReadAsync("t", 0, 3, 10, default)).ShouldBeEmpty();
        (await Log.ReadAsync("t", 0, 1, 1, default)).Single().Offset.ShouldBe(2);
    }

    [Fact]
    public async Task A_repeated_append_changes_nothing()
    {
        await Log.AppendAsync([Record("s", 1), Record("s", 2)], default);
        await Log.AppendAsync([Record("s", 1), Record("s", 2), Record("s", 3)], default);
        (await Log.ReadAsync("t", 0, 0, 10, default)).Select(r => r.SourceSeq).ShouldBe([1, 2, 3]);
        (await Log.GetSourceHeadAsync("t", "s", default)).ShouldBe(3);
    }

    [Fact]
    public async Task A_source_that_skips_is_refused_whole()
    {
        await Log.AppendAsync([Record("s", 1)], default);
        var fault = await Should.ThrowAsync<TidelineException>(async () => await Log.AppendAsync([Record("s", 2), Record("s", 4)], default));
        fault.Code.ShouldBe(ErrorCode.Corrupt);
        (await Log.GetHeadAsync("t", 0, default)).ShouldBe(1);
        await Log.AppendAsync([Record("s", 2)], default);
        (await Log.ReadAsync("t", 0, 0, 10, default)).Select(r => r.SourceSeq).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_bad_append_does_not_harm_those_that_come_with_it()
    {
        var bad = Enumerable.Range(0, 10).Select(n => Task.Run(() => Log.AppendAsync([Record($"bad-{n}", 5)], default).AsTask())).ToList();
        var good = Enumerable.Range(0, 10).Select(n => Task.Run(() => Log.AppendAsync([Record($"good-{n}", 1)], default).AsTask())).ToList();
        await Task.WhenAll(good);
        foreach (var append in bad) (await Should.ThrowAsync<TidelineException>(append)).Code.ShouldBe(ErrorCode.Corrupt);
        (await Log.ReadAsync("t", 0, 0, 100, default)).Count.ShouldBe(10);
    }

    [Fact]
    public async Task A_group_goes_on_where_it_stood_also_after_a_restart()
    {
        await Log.AppendAsync([Record("s", 1), Record("s", 2), Record("s", 3)], default);
        (await Log.GetCommittedAsync("g", "t", 0, default)).ShouldBe(0);
        await Log.CommitAsync("g", "t", 0, 2, default);
        await ReopenAsync();
        (await Log.GetCommittedAsync("g", "t", 0, default)).ShouldBe(2);
        (await Log.GetHeadAsync("t", 0, default)).ShouldBe(3);
        (await Log.GetSourceHeadAsync("t", "s", default)).ShouldBe(3);
        (await Should.ThrowAsync<TidelineException>(async () => await Log.CommitAsync("g", "t", 0, 4, default))).Code.ShouldBe(ErrorCode.InvalidInput);
        await Log.CommitAsync("g", "t", 0, 1, default);
        (await Log.GetCommittedAsync("g", "t", 0, default)).ShouldBe(1);
    }

    [Fact]
    public async Task Retention_never_drops_what_a_group_has_not_read()
    {
        await Log.AppendAsync([.. Enumerable.Range(1, 10).Select(seq => Record("s", seq))], default);
        var future = DateTimeOffset.UnixEpoch.AddYears(900);
        (await Log.TrimAsync(future, default)).ShouldBe(0);
        await Log.GetCommittedAsync("slow", "t", 0, default);
        await Log.CommitAsync("fast", "t", 0, 10, default);
        (await Log.TrimAsync(future, default)).ShouldBe(0);
        await Log.CommitAsync("slow", "t", 0, 4, default);
        (await Log.TrimAsync(future, default)).ShouldBe(4);
        (await Log.ReadAsync("t", 0, 4, 10, default)).Select(r => r.Offset).ShouldBe([5, 6, 7, 8, 9, 10]);
        var partition = (await Log.DescribeAsync(default)).Single();
        (partition.FirstOffset, partition.HeadOffset, partition.Groups["slow"], partition.Groups["fast"]).ShouldBe((5, 10, 4, 10));
    }

    [Fact]
    public async Task Dead_letters_outlive_retention()
    {
        await Log.AppendAsync([Record("s", 1) with { Topic = "t.dlq" }], default);
        await Log.CommitAsync("g", "t.dlq", 0, 1, default);
        (await Log.TrimAsync(DateTimeOffset.UnixEpoch.AddYears(900), default)).ShouldBe(0);
    }

    [Fact]
    public async Task Who_waits_is_woken_by_an_append()
    {
        var waiting = Log.WaitAsync("t", 0, 0, TimeSpan.FromMinutes(1), default).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        await Log.AppendAsync([Record("s", 1)], default);
        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
        await Log.WaitAsync("t", 0, 0, TimeSpan.FromMinutes(1), default);
        await Log.WaitAsync("t", 0, 1, TimeSpan.FromMilliseconds(10), default);
    }

    [Fact]
    public async Task Any_interleaving_of_sources_and_repeats_gives_each_source_once_in_order()
    {
        var run = 0;
        await Gen.Select(Gen.Int[0, 2], Gen.Int[1, 6]).Array[1, 40].SampleAsync(async steps =>
        {
            var topic = $"topic-{Interlocked.Increment(ref run)}";
            var next = new int[3];
            foreach (var (source, count) in steps)
            {
                // Each append begins up to two records before the end, as a relay does that was cut off.
                var from = Math.Max(1, next[source] - 1);
                next[source] = Math.Max(next[source], from + count - 1);
                await Log.AppendAsync([.. Enumerable.Range(from, count).Select(seq => Record($"source-{source}", seq) with { Topic = topic })], default);
            }

            var read = await Log.ReadAsync(topic, 0, 0, 10_000, default);
            read.Select(r => r.Offset).ShouldBe(Enumerable.Range(1, read.Count).Select(offset => (long)offset));
            for (var source = 0; source < 3; source++)
                read.Where(r => r.Source == $"source-{source}").Select(r => r.SourceSeq).ShouldBe(Enumerable.Range(1, next[source]).Select(seq => (long)seq));
        }, iter: 40, threads: 1);
    }

    private LogRecord Record(string source, long seq) => new("t", 0, 0, source, seq, _ids.Next(), "TYPE", _ids.Next(), 1, 1_000, "{}"u8.ToArray());

    private async Task ReopenAsync()
    {
        await Log.DisposeAsync();
        Log = await OpenAsync();
    }
}
