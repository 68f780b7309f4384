using Tideline.Kernel;
using Tideline.Log;
using Tideline.Tests.Projections;

namespace Tideline.Tests.Log;

/// <summary>A log that refuses whole appends for a record in them, or reads of a partition.</summary>
internal sealed class RefusingLog(ILog log) : ForgetfulLog(log)
{
    public Func<LogRecord, bool> Refuses { get; set; } = _ => false;

    public Func<int, bool> RefusesReads { get; set; } = _ => false;

    public ErrorCode Code { get; init; } = ErrorCode.StorageUnavailable;

    public override ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel) =>
        records.Any(record => Refuses(record)) ? throw new TidelineException(Code, "It is refused.")
            : base.AppendAsync(records, cancel);

    public override ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel) =>
        RefusesReads(partition) ? throw new TidelineException(Code, "It cannot be read.")
            : base.ReadAsync(topic, partition, afterOffset, limit, cancel);
}
