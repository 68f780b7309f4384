using Tideline.Log;

namespace Tideline.Node;

/// <summary>
/// The log while it may not be open yet: until then every call fails with StorageUnavailable, as when the log is away.
/// </summary>
internal sealed class LateLog(LatePart<ILog> late) : ILog
{
    public IReadOnlyList<LogFault> Faults => late.Value?.Faults ?? [];

    public ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel) =>
        late.Require().AppendAsync(records, cancel);

    public ValueTask<long> GetSourceHeadAsync(string topic, string source, CancellationToken cancel) =>
        late.Require().GetSourceHeadAsync(topic, source, cancel);

    public ValueTask<IReadOnlyList<string>> GetSourcesAsync(string topic, string prefix, CancellationToken cancel) =>
        late.Require().GetSourcesAsync(topic, prefix, cancel);

    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel) =>
        late.Require().ReadAsync(topic, partition, afterOffset, limit, cancel);

    public ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel) =>
        late.Require().GetHeadAsync(topic, partition, cancel);

    public ValueTask WaitAsync(string topic, int partition, long afterOffset, TimeSpan timeout,
        CancellationToken cancel) =>
        late.Require().WaitAsync(topic, partition, afterOffset, timeout, cancel);

    public ValueTask<long> GetCommittedAsync(string group, string topic, int partition, CancellationToken cancel) =>
        late.Require().GetCommittedAsync(group, topic, partition, cancel);

    public ValueTask CommitAsync(string group, string topic, int partition, long offset, CancellationToken cancel) =>
        late.Require().CommitAsync(group, topic, partition, offset, cancel);

    public ValueTask<long> TrimAsync(DateTimeOffset before, CancellationToken cancel) =>
        late.Require().TrimAsync(before, cancel);

    public ValueTask<IReadOnlyList<PartitionStatus>> DescribeAsync(CancellationToken cancel) =>
        late.Require().DescribeAsync(cancel);

    public ValueTask DisposeAsync() => late.DisposeAsync();
}
