using Tideline.Log;

namespace Tideline.Tests.Projections;

/// <summary>
/// A log that lost something of <c>account.events</c> on shard 0: everything before an offset, or one record.
/// </summary>
internal class ForgetfulLog(ILog log, long firstOffset = 0, long hiddenOffset = 0) : ILog
{
    public virtual async ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel)
    {
        var records = await log.ReadAsync(topic, partition, afterOffset, limit, cancel);
        return topic != Topics.AccountEvents || partition != 0
            ? records
            : [.. records.Where(record => record.Offset >= firstOffset && record.Offset != hiddenOffset)];
    }

    public IReadOnlyList<LogFault> Faults => log.Faults;

    public virtual ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel) =>
        log.AppendAsync(records, cancel);

    public ValueTask<long> GetSourceHeadAsync(string topic, string source, CancellationToken cancel) =>
        log.GetSourceHeadAsync(topic, source, cancel);

    public ValueTask<IReadOnlyList<string>> GetSourcesAsync(string topic, string prefix, CancellationToken cancel) =>
        log.GetSourcesAsync(topic, prefix, cancel);

    public virtual ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel) =>
        log.GetHeadAsync(topic, partition, cancel);

    public ValueTask WaitAsync(
        string topic, int partition, long afterOffset, TimeSpan timeout, CancellationToken cancel) =>
        log.WaitAsync(topic, partition, afterOffset, timeout, cancel);

    public ValueTask<long> GetCommittedAsync(string group, string topic, int partition, CancellationToken cancel) =>
        log.GetCommittedAsync(group, topic, partition, cancel);

    public virtual ValueTask CommitAsync(
        string group, string topic, int partition, long offset, CancellationToken cancel) => log.CommitAsync(
            group, topic, partition, offset, cancel);

    public ValueTask<long> TrimAsync(DateTimeOffset before, CancellationToken cancel) => log.TrimAsync(before, cancel);

    public ValueTask<IReadOnlyList<PartitionStatus>> DescribeAsync(CancellationToken cancel) =>
        log.DescribeAsync(cancel);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
