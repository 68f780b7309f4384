using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Log;

/// <summary>
/// Reads the partitions of a topic for a group, each in a loop of its own: a batch goes to the handler, and when that
/// returns the group's position moves. A crash between the two repeats the batch, so handlers are idempotent. A batch
/// that cannot be handled is tried again, for ever: to step over it would lose it; its partition says so meanwhile.
/// Records that the log has no more are gone: it says so, and goes on with the next. What is read here is asked for
/// again by timers.
/// With <c>epochOf</c> a partition is left alone while its epoch is 0, because another process reads it, and read from
/// the group's position when that has changed.
/// </summary>
public sealed partial class Consumer : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(LogLimits.IdleWaitMs);
    private readonly ILog _log;
    private readonly string _group;
    private readonly string _topic;
    private readonly Func<int, IReadOnlyList<LogRecord>, CancellationToken, ValueTask> _handle;
    private readonly TimeProvider _time;
    private readonly Func<int, long> _epochOf;
    private readonly ILogger _logger;
    private readonly PartitionState[] _partitions;

    /// <summary>Made with <see cref="Start"/>.</summary>
    public Consumer(
        ILog log, string group, string topic, IReadOnlyList<int> partitions, Func<int, IReadOnlyList<LogRecord>,
            CancellationToken, ValueTask> handle,
        TimeProvider time, ILogger<Consumer> logger, Func<int, long>? epochOf = null)
    {
        (_log, _group, _topic, _handle, _time, _logger) = (log, group, topic, handle, time, logger);
        _epochOf = epochOf ?? (static _ => 1);
        _partitions = [.. partitions.Select(partition =>
        {
            var state = new PartitionState(partition);
            state.Loop = new BackgroundLoop(
                $"consumer of {topic}/{partition}", cancel => PassAsync(state, cancel), TimeSpan.Zero, time, logger);
            return state;
        })];
    }

    /// <summary>Where each partition stands.</summary>
    public IReadOnlyList<ConsumerStatus> Status =>
        [.. _partitions.Select(state =>
            new ConsumerStatus(_group, _topic, state.Partition, state.Offset, state.Loop.Fault))];

    /// <summary>What holds up a partition; null while nothing does.</summary>
    public string? Fault => _partitions.Select(state => state.Loop.Fault).Where(fault => fault is not null)
        .ToList() is { Count: > 0 } faults ? string.Join(' ', faults) : null;

    /// <summary>Starts a loop for each partition. The group is registered as soon as the log answers.</summary>
    public void Start()
    {
        foreach (var state in _partitions) state.Loop.Start();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_partitions.Select(state => state.Loop.DisposeAsync().AsTask()));

    private async Task PassAsync(PartitionState state, CancellationToken cancel)
    {
        if (_epochOf(state.Partition) is var epoch && epoch != state.Epoch)
        {
            if (epoch != 0) state.Offset = await FindAsync(state.Partition, cancel);
            state.Epoch = epoch;
        }

        if (state.Epoch == 0)
        {
            await Task.Delay(Idle, _time, cancel);
            return;
        }

        var records = await _log.ReadAsync(_topic, state.Partition, state.Offset, Limits.EventBatch, cancel);
        if (records.Count == 0)
        {
            await _log.WaitAsync(_topic, state.Partition, state.Offset, Idle, cancel);
            return;
        }

        if (records[0].Offset != state.Offset + 1)
            RecordsLost(_logger, _topic, state.Partition, records[0].Offset, _group, state.Offset);
        await _handle(state.Partition, records, cancel);
        CrashPoint.Pass("offset.commit.before");
        await _log.CommitAsync(_group, _topic, state.Partition, records[^1].Offset, cancel);
        CrashPoint.Pass("offset.commit.after");
        state.Offset = records[^1].Offset;
    }

    // Where the group stands. A log that was put back, or made anew, may end before that: all that it holds is read,
    // since others may have appended to it already.
    private async Task<long> FindAsync(int partition, CancellationToken cancel)
    {
        var committed = await _log.GetCommittedAsync(_group, _topic, partition, cancel);
        var head = await _log.GetHeadAsync(_topic, partition, cancel);
        if (committed <= head) return committed;
        PositionIsWrong(_logger, _topic, partition, head, _group, committed);
        return 0;
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Topic}/{Partition} ends at {Head}, group {Group} had read to {Through}: it reads all of it.")]
    private static partial void PositionIsWrong(
        ILogger logger, string topic, int partition, long head, string group, long through);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Topic}/{Partition} begins at {First}, group {Group} had read to {Through}: "
            + "what lay between is lost. Timers ask for it again.")]
    private static partial void RecordsLost(
        ILogger logger, string topic, int partition, long first, string group, long through);

    private sealed class PartitionState(int partition)
    {
        public int Partition => partition;

        public BackgroundLoop Loop { get; set; } = null!;

        public long Epoch { get; set; } = -1;

        public long Offset { get; set; }
    }
}

/// <summary>How far a group is on a partition, and what holds it up if anything does.</summary>
public sealed record ConsumerStatus(string Group, string Topic, int Partition, long Offset, string? Fault);
