using CsCheck;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

/// <summary>
/// What every engine of the bus must do. An engine's tests inherit it and say how to open one on a folder of its own.
/// </summary>
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
        var record = Record("shard-0", 1)
            with
        { Type = "ACCOUNT_DEBITED", Version = 9, TimeUs = 77, Data = "{\"a\":1}"u8.ToArray() };
        await Log.AppendAsync([record, Record("shard-0", 2), Record("shard-1", 1)], default);
        var read = await Log.ReadAsync("t", 0, 0, 10, default);
        read.Select(r => (r.Offset, r.Source, r.SourceSeq))
            .ShouldBe([(1, "shard-0", 1), (2, "shard-0", 2), (3, "shard-1", 1)]);
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
        var fault = await Should.ThrowAsync<TidelineException>(
            async () => await Log.AppendAsync([Record("s", 2), Record("s", 4)], default));
        fault.Code.ShouldBe(ErrorCode.Corrupt);
        (await Log.GetHeadAsync("t", 0, default)).ShouldBe(1);
        await Log.AppendAsync([Record("s", 2)], default);
        (await Log.ReadAsync("t", 0, 0, 10, default)).Select(r => r.SourceSeq).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_topic_of_a_part_names_the_record_before_and_shows_a_gap()
    {
        const string topic = "part.events";
        LogRecord Part(long seq, long previous) =>
            Record("shard-0", seq) with { Topic = topic, PreviousSeq = previous };
        await Log.AppendAsync([Part(7, 0), Part(9, 7)], default);
        await Log.AppendAsync([Part(7, 0), Part(9, 7), Part(12, 9)], default);
        var fault = await Should.ThrowAsync<TidelineException>(
            async () => await Log.AppendAsync([Part(20, 15)], default));
        fault.Code.ShouldBe(ErrorCode.Corrupt);
        await ReopenAsync();
        (await Log.GetSourceHeadAsync(topic, "shard-0", default)).ShouldBe(12);
        await Log.AppendAsync([Part(12, 9), Part(13, 12), Part(40, 13)], default);
        (await Log.ReadAsync(topic, 0, 0, 10, default)).Select(r => (r.SourceSeq, r.PreviousSeq))
            .ShouldBe([(7, 0), (9, 7), (12, 9), (13, 12), (40, 13)]);
        (await Log.GetSourceHeadAsync(topic, "shard-0", default)).ShouldBe(40);
    }

    [Fact]
    public async Task A_bad_append_does_not_harm_those_that_come_with_it()
    {
        var bad = Enumerable.Range(0, 10)
            .Select(n => Task.Run(() => Log.AppendAsync([Record($"bad-{n}", 5)], default).AsTask())).ToList();
        var good = Enumerable.Range(0, 10)
            .Select(n => Task.Run(() => Log.AppendAsync([Record($"good-{n}", 1)], default).AsTask())).ToList();
        await Task.WhenAll(good);
        foreach (var append in bad)
            (await Should.ThrowAsync<TidelineException>(append)).Code.ShouldBe(ErrorCode.Corrupt);
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
        (await Should.ThrowAsync<TidelineException>(async () => await Log.CommitAsync("g", "t", 0, 4, default)))
            .Code.ShouldBe(ErrorCode.InvalidInput);
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
        (partition.FirstOffset, partition.HeadOffset, partition.Groups["slow"], partition.Groups["fast"])
            .ShouldBe((5, 10, 4, 10));
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
                await Log.AppendAsync([.. Enumerable.Range(from, count)
                    .Select(seq => Record($"source-{source}", seq) with { Topic = topic })], default);
            }

            var read = await Log.ReadAsync(topic, 0, 0, 10_000, default);
            read.Select(r => r.Offset).ShouldBe(Enumerable.Range(1, read.Count).Select(offset => (long)offset));
            for (var source = 0; source < 3; source++)
                read.Where(r => r.Source == $"source-{source}")
                    .Select(r => r.SourceSeq).ShouldBe(Enumerable.Range(1, next[source]).Select(seq => (long)seq));
        }, iter: 40, threads: 1);
    }

    [Fact]
    public async Task Any_content_comes_back()
    {
        var large = new byte[200_000];
        Array.Fill(large, (byte)'7');
        LogRecord[] records =
        [
            Record("s", 1) with { Key = Guid.Empty, Subject = Guid.Empty, Version = 0, TimeUs = 0 },
            Record("s", 2) with { Data = large, Version = long.MaxValue, TimeUs = 253_402_300_799_999_999 },
            Record("Müller/1 ✓", 1) with { Type = "ÄÖ_🙂", Data = "{\"name\":\"Ærøskøbing 🙂\"}"u8.ToArray() },
        ];
        await Log.AppendAsync(records, default);
        await ReopenAsync();
        var read = await Log.ReadAsync("t", 0, 0, 10, default);
        read.Select(r => r with { Data = default })
            .ShouldBe(records.Select((r, index) => r with { Offset = index + 1, Data = default }));
        for (var index = 0; index < records.Length; index++)
            read[index].Data.ToArray().ShouldBe(records[index].Data.ToArray());
    }

    [Fact]
    public async Task A_source_of_several_partitions_is_counted_over_all_of_them()
    {
        LogRecord[] records = [Record("s", 1),
            Record("s", 2) with { Partition = 1 }, Record("s", 3), Record("s", 4) with { Partition = 1 }];
        await Log.AppendAsync(records[..3], default);
        (await Log.GetSourceHeadAsync("t", "s", default)).ShouldBe(3);
        await Log.AppendAsync(records, default);
        await ReopenAsync();
        (await Log.GetSourceHeadAsync("t", "s", default)).ShouldBe(4);
        await Log.AppendAsync(records, default);
        (await Log.ReadAsync("t", 0, 0, 10, default)).Select(r => (r.Offset, r.SourceSeq)).ShouldBe([(1, 1), (2, 3)]);
        (await Log.ReadAsync("t", 1, 0, 10, default)).Select(r => (r.Offset, r.SourceSeq)).ShouldBe([(1, 2), (2, 4)]);
    }

    [Fact]
    public async Task The_sources_of_a_topic_are_known_also_after_a_restart()
    {
        (await Log.GetSourcesAsync("t", "s", default)).ShouldBeEmpty();
        await Log.AppendAsync(
            [Record("s-1", 1), Record("s-1.1.7", 8) with { Partition = 1 }, Record("u-1", 1)], default);
        await Log.AppendAsync([Record("s-2", 1) with { Topic = "other" }], default);
        (await Log.GetSourcesAsync("t", "s-", default)).ShouldBe(["s-1", "s-1.1.7"], ignoreOrder: true);
        await ReopenAsync();
        (await Log.GetSourcesAsync("t", "s-1", default)).ShouldBe(["s-1", "s-1.1.7"], ignoreOrder: true);
        (await Log.GetSourcesAsync("t", "v", default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_source_is_known_after_retention_took_its_records()
    {
        await Log.AppendAsync([.. Enumerable.Range(1, 10).Select(seq => Record("s", seq))], default);
        await Log.CommitAsync("g", "t", 0, 10, default);
        (await Log.TrimAsync(DateTimeOffset.UnixEpoch.AddYears(900), default)).ShouldBe(10);
        await ReopenAsync();
        (await Log.GetHeadAsync("t", 0, default)).ShouldBe(10);
        (await Log.GetSourceHeadAsync("t", "s", default)).ShouldBe(10);
        (await Log.GetCommittedAsync("g", "t", 0, default)).ShouldBe(10);
        (await Log.ReadAsync("t", 0, 0, 10, default)).ShouldBeEmpty();
        await Log.AppendAsync([Record("s", 10), Record("s", 11)], default);
        (await Should.ThrowAsync<TidelineException>(async () => await Log.AppendAsync([Record("s", 13)], default)))
            .Code.ShouldBe(ErrorCode.Corrupt);
        (await Log.ReadAsync("t", 0, 0, 10, default)).Select(r => (r.Offset, r.SourceSeq)).ShouldBe([(11, 11)]);
    }

    [Fact]
    public async Task Readers_at_different_places_each_see_everything_once_in_order()
    {
        const int Total = 2_000;
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var early = FollowAsync(0, Total, late.Token);
        var appending = Task.Run(async () =>
        {
            for (var seq = 1; seq <= Total; seq += 50)
                await Log.AppendAsync([.. Enumerable.Range(seq, 50).Select(each => Record("s", each))], late.Token);
        }, late.Token);
        await Log.WaitAsync("t", 0, 500, TimeSpan.FromSeconds(60), late.Token);
        var middle = FollowAsync(500, Total, late.Token);
        var beginning = FollowAsync(0, Total, late.Token);
        await appending;
        (await early).ShouldBe(Enumerable.Range(1, Total).Select(seq => (long)seq));
        (await middle).ShouldBe(Enumerable.Range(501, Total - 500).Select(seq => (long)seq));
        (await beginning).ShouldBe(await early);
    }

    [Fact]
    public async Task A_closed_log_takes_nothing()
    {
        var closed = await OpenAsync();
        await closed.DisposeAsync();
        (await Should.ThrowAsync<TidelineException>(async () => await closed.AppendAsync([Record("s", 1)], default)))
            .Code.ShouldBe(ErrorCode.ShuttingDown);
    }

    private async Task<List<long>> FollowAsync(long offset, long until, CancellationToken cancel)
    {
        var seen = new List<long>();
        while (offset < until)
        {
            var read = await Log.ReadAsync("t", 0, offset, 100, cancel);
            if (read.Count == 0) await Log.WaitAsync("t", 0, offset, TimeSpan.FromSeconds(1), cancel);
            foreach (var record in read)
            {
                record.Offset.ShouldBe(++offset);
                seen.Add(record.SourceSeq);
            }
        }

        return seen;
    }

    private LogRecord Record(string source, long seq) =>
        new("t", 0, 0, source, seq, _ids.Next(), "TYPE", _ids.Next(), 1, 1_000, "{}"u8.ToArray());

    private async Task ReopenAsync()
    {
        await Log.DisposeAsync();
        Log = await OpenAsync();
    }
}
