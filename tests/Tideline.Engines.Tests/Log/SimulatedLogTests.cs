using Tideline.Kernel;
using Tideline.Log;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Engines.Tests.Log;

/// <summary>The contract on a simulated disk, and what such a disk loses.</summary>
public sealed class SimulatedLogTests : LogContract
{
    private const string Derived = "part.events";
    private readonly LogDisk _disk = new();

    protected override ValueTask<ILog> OpenAsync() => new(new SimulatedLog(_disk, TimeProvider.System));

    protected override ValueTask DeleteAsync()
    {
        _disk.Wipe();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_tail_that_was_lost_is_filled_again_and_read_again()
    {
        Topics.IsDerived(Derived).ShouldBeTrue();
        await Log.AppendAsync([.. Enumerable.Range(1, 5).Select(seq => Record("shard-0", seq, 0))], default);
        await Log.CommitAsync("g", Derived, 0, 2, default);
        await Log.CommitAsync("g", Derived, 0, 5, default);
        _disk.LoseTail(Derived, 0, records: 2);
        (await Log.GetHeadAsync(Derived, 0, default)).ShouldBe(3);
        (await Log.GetSourceHeadAsync(Derived, "shard-0", default)).ShouldBe(3);
        (await Log.GetCommittedAsync("g", Derived, 0, default)).ShouldBe(3);
        (await Should.ThrowAsync<TidelineException>(
            async () => await Log.AppendAsync([Record("shard-0", 6, 0)], default))).Code.ShouldBe(ErrorCode.Corrupt);
        await Log.AppendAsync([.. Enumerable.Range(2, 5).Select(seq => Record("shard-0", seq, 0))], default);
        (await Log.ReadAsync(Derived, 0, 3, 9, default)).Select(record => (record.Offset, record.SourceSeq))
            .ShouldBe([(4, 4), (5, 5), (6, 6)]);
        _disk.LosePositions("g", Derived, 0, commits: 1);
        (await Log.GetCommittedAsync("g", Derived, 0, default)).ShouldBe(2);
    }

    [Fact]
    public async Task Another_partition_keeps_what_it_has_of_a_source_that_lost_records()
    {
        LogRecord[] records = [Record("s", 1, 0), Record("s", 2, 1), Record("s", 3, 0), Record("s", 4, 1)];
        await Log.AppendAsync(records, default);
        _disk.LoseTail(Derived, 0, records: 1);
        (await Log.GetSourceHeadAsync(Derived, "s", default)).ShouldBe(2);
        await Log.AppendAsync(records, default);
        (await Log.GetSourceHeadAsync(Derived, "s", default)).ShouldBe(4);
        (await Log.ReadAsync(Derived, 0, 0, 9, default)).Select(record => record.SourceSeq).ShouldBe([1, 3]);
        (await Log.ReadAsync(Derived, 1, 0, 9, default)).Select(record => record.SourceSeq).ShouldBe([2, 4]);
    }

    [Fact]
    public async Task A_source_that_lost_all_it_had_is_none_any_more()
    {
        await Log.AppendAsync([Record("shard-0.7.20", 21, 0)], default);
        _disk.LoseTail(Derived, 0, records: 9);
        (await Log.GetSourcesAsync(Derived, "", default)).ShouldBeEmpty();
        (await Log.GetSourceHeadAsync(Derived, "shard-0.7.20", default)).ShouldBe(20);
        await Log.AppendAsync([Record("shard-0.7.20", 21, 0)], default);
        _disk.Wipe();
        (await Log.GetHeadAsync(Derived, 0, default)).ShouldBe(0);
        Should.Throw<ArgumentException>(() => _disk.LoseTail(Topics.SagaCommands, 0, 1));
    }

    [Fact]
    public async Task What_a_stranger_wrote_moves_no_offset_and_is_told()
    {
        await Log.AppendAsync([Record("s", 1, 0)], default);
        Log.Faults.ShouldBeEmpty();
        _disk.AppendForeign(Derived, 0, messages: 2);
        await Log.AppendAsync([Record("s", 2, 0)], default);
        (await Log.ReadAsync(Derived, 0, 0, 9, default)).Select(record => record.Offset).ShouldBe([1, 2]);
        Log.Faults.ShouldHaveSingleItem().ShouldBe(new LogFault(Derived, 0, 2,
            "2 messages on part.events/0 are passed over: Tideline did not write them."));
    }

    private static LogRecord Record(string source, long seq, int partition) => new(
        Derived, partition, 0, source, seq, Guid.Empty, "X", Guid.Empty, 1, 1, "{}"u8.ToArray());
}
