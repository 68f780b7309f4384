using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Tests.Log;

public sealed class SqliteLogTests : LogContract
{
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");

    protected override ValueTask<ILog> OpenAsync() => new(SqliteLog.Open(_folder, TimeProvider.System));

    [Fact]
    public async Task An_append_that_fails_is_answered_also_when_the_state_cannot_be_read_back_and_the_next_one_works()
    {
        await using var log = SqliteLog.Open(_folder, TimeProvider.System);
        await log.AppendAsync([Record(1)], default);
        using (var other = SqliteDatabase.OpenWriter(Path.Combine(_folder, "log", "log.db")))
        {
            other.ExecuteScript("ALTER TABLE partitions RENAME TO away");
            for (var attempt = 0; attempt < 2; attempt++)
                await Should.ThrowAsync<TidelineException>(
                    () => log.AppendAsync([Record(2)], default).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
            other.ExecuteScript("ALTER TABLE away RENAME TO partitions");
        }

        await log.AppendAsync([Record(2)], default).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        (await log.ReadAsync("t", 0, 0, 10, default)).Select(record => (record.Offset, record.SourceSeq))
            .ShouldBe([(1, 1), (2, 2)]);
        (await log.GetSourceHeadAsync("t", "s", default)).ShouldBe(2);
    }

    private static LogRecord Record(long seq) =>
        new("t", 0, 0, "s", seq, Guid.Empty, "X", Guid.Empty, 1, 1, "{}"u8.ToArray());

    protected override ValueTask DeleteAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
