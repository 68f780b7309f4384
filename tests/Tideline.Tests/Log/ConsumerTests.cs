using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Tests.Log;

public sealed class ConsumerTests : IAsyncLifetime
{
    private const string Topic = "t";
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private readonly ConcurrentQueue<(int Partition, long[] Seqs)> _batches = [];
    private readonly long[] _appended = new long[2];
    private SqliteLog _log = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _log = SqliteLog.Open(_folder, TimeProvider.System);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Records_are_handled_in_order_and_the_position_follows()
    {
        await AppendAsync(0, 3);
        await using var consumer = Start(_ => false);
        await AppendAsync(0, 2);
        await AppendAsync(1, 4);
        await Eventually.IsTrueAsync(() => consumer.Status[0].Offset == 5 && consumer.Status[1].Offset == 4);
        Handled(0).ShouldBe([1, 2, 3, 4, 5]);
        Handled(1).ShouldBe([1, 2, 3, 4]);
        (await _log.GetCommittedAsync("g", Topic, 0, Cancel)).ShouldBe(5);
        consumer.Status.ShouldAllBe(status => status.Fault == null && status.Group == "g" && status.Topic == Topic);
    }

    [Fact]
    public async Task A_restart_goes_on_after_what_was_handled()
    {
        await AppendAsync(0, 3);
        await using (var first = Start(_ => false)) await Eventually.IsTrueAsync(() => first.Status[0].Offset == 3);
        await AppendAsync(0, 2);
        await using (var second = Start(_ => false)) await Eventually.IsTrueAsync(() => second.Status[0].Offset == 5);
        Handled(0).ShouldBe([1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task A_batch_that_cannot_be_handled_is_repeated_and_never_stepped_over()
    {
        await AppendAsync(0, 3);
        var isBroken = true;
        await using var consumer = Start(partition => partition == 0 && Volatile.Read(ref isBroken));
        await Eventually.IsTrueAsync(() => _batches.Count(batch => batch.Partition == 0) >= 2);
        await Eventually.IsTrueAsync(() => consumer.Status[0].Fault is not null);
        consumer.Status[0].ShouldBe(new ConsumerStatus(
            "g", Topic, 0, 0, "The consumer of t/0 keeps failing and is retried: The handler is broken."));
        (await _log.GetCommittedAsync("g", Topic, 0, Cancel)).ShouldBe(0);

        // The other partition is not held up.
        await AppendAsync(1, 2);
        await Eventually.IsTrueAsync(() => consumer.Status[1].Offset == 2);
        _batches.Where(batch => batch.Partition == 0)
            .ShouldAllBe(batch => batch.Seqs.SequenceEqual(new long[] { 1, 2, 3 }));

        Volatile.Write(ref isBroken, false);
        await AppendAsync(0, 1);
        await Eventually.IsTrueAsync(() => consumer.Status[0].Offset == 4 && consumer.Status[0].Fault is null);
        Handled(0).Distinct().ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task What_was_handled_but_not_committed_is_handled_again_after_a_restart()
    {
        await AppendAsync(0, 2);
        await using (var first = Start(_ => false)) await Eventually.IsTrueAsync(() => first.Status[0].Offset == 2);
        // As after a crash between the effect and the commit of the position.
        await _log.CommitAsync("g", Topic, 0, 1, Cancel);
        await using (var second = Start(_ => false)) await Eventually.IsTrueAsync(() => second.Status[0].Offset == 2);
        Handled(0).ShouldBe([1, 2, 2]);
    }

    [Fact]
    public async Task A_position_beyond_the_end_of_the_log_is_taken_back()
    {
        await AppendAsync(0, 3);
        await using (var first = Start(_ => false)) await Eventually.IsTrueAsync(() => first.Status[0].Offset == 3);
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "log", "log.db"))) database.Execute(
            "UPDATE groups SET position = position + 100");
        await using var second = Start(_ => false);
        await Eventually.IsTrueAsync(() => second.Status[0].Offset == 3);
        await AppendAsync(0, 1);
        await Eventually.IsTrueAsync(() => second.Status[0].Offset == 4);
        // What the log holds may be of its new life, so it is handled, again where it had been.
        Handled(0).ShouldBe([1, 2, 3, 1, 2, 3, 4]);
    }

    [Fact]
    public async Task What_the_log_lost_before_it_was_read_stops_nothing()
    {
        await AppendAsync(0, 3);
        await AppendAsync(1, 1);
        using (var database = SqliteDatabase.OpenWriter(Path.Combine(_folder, "log", "log.db"))) database.Execute(
            "DELETE FROM records WHERE partition = 0 AND position = 1");
        await using var consumer = Start(_ => false);
        await Eventually.IsTrueAsync(() => consumer.Status[0].Offset == 3 && consumer.Status[1].Offset == 1);
        consumer.Status.ShouldAllBe(status => status.Fault == null);
        Handled(0).ShouldBe([2, 3]);
    }

    private Consumer Start(Func<int, bool> isBroken)
    {
        var consumer = new Consumer(
            _log, "g", Topic, [0, 1],
            (partition, records, _) =>
            {
                _batches.Enqueue((partition, [.. records.Select(record => record.SourceSeq)]));
                return isBroken(partition)
                    ? throw new InvalidOperationException("The handler is broken.")
                    : ValueTask.CompletedTask;
            },
            TimeProvider.System, NullLogger<Consumer>.Instance);
        consumer.Start();
        return consumer;
    }

    private long[] Handled(int partition) =>
        [.. _batches.Where(batch => batch.Partition == partition).SelectMany(batch => batch.Seqs)];

    private async Task AppendAsync(int partition, int count)
    {
        for (var each = 0; each < count; each++)
        {
            var record = new LogRecord(Topic, partition,
                0, $"s-{partition}", ++_appended[partition], Guid.Empty, "X", Guid.Empty, 0, 1, "{}"u8.ToArray());
            await _log.AppendAsync([record], Cancel);
        }
    }
}
