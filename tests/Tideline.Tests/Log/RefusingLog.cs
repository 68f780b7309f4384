using Tideline.Kernel;
using Tideline.Log;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Log;

/// <summary>
/// A log that refuses whole appends for a record in them, or has them wait, or refuses reads of a partition.
/// </summary>
internal sealed class RefusingLog(ILog log) : ForgetfulLog(log)
{
    public Func<LogRecord, bool> Refuses { get; set; } = _ => false;

    public Func<LogRecord, Task?> Waits { get; set; } = _ => null;

    public Func<int, bool> RefusesReads { get; set; } = _ => false;

    public ErrorCode Code { get; init; } = ErrorCode.StorageUnavailable;

    public override async ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        if (records.Any(record => Refuses(record))) throw new TidelineException(Code, "It is refused.");
        foreach (var wait in records.Select(record => Waits(record)).OfType<Task>()) await wait;
        await base.AppendAsync(records, cancel);
    }

    public override ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel) =>
        RefusesReads(partition) ? throw new TidelineException(Code, "It cannot be read.")
            : base.ReadAsync(topic, partition, afterOffset, limit, cancel);
}
