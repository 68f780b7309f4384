using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Log;

/// <summary>
/// Reads the partitions of a topic for a group: a batch goes to the handler, and when that returns the group's position moves. A crash between the two repeats
/// the batch, so handlers are idempotent. With <c>epochOf</c> a partition is left alone while its epoch is 0, because another process reads it, and read from the group's position when
/// that has changed.
/// </summary>
public sealed partial class Consumer(
    ILog log, string group, string topic, IReadOnlyList<int> partitions, Func<int, IReadOnlyList<LogRecord>, CancellationToken, ValueTask> handle, TimeProvider time, ILogger<Consumer> logger,
    Func<int, long>? epochOf = null)
    : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(Limits.IdleWaitMs);
    private readonly CancellationTokenSource _stop = new();
    private readonly PartitionState[] _partitions = [.. partitions.Select(partition => new PartitionState(partition))];
    private Task _loops = Task.CompletedTask;

    /// <summary>Where each partition stands.</summary>
    public IReadOnlyList<ConsumerStatus> Status => [.. _partitions.Select(state => new ConsumerStatus(group, topic, state.Partition, state.Offset, state.Fault))];

    /// <summary>Registers the group and starts a loop for each partition.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        foreach (var state in _partitions) state.Offset = await log.GetCommittedAsync(group, topic, state.Partition, cancel);
        _loops = Task.WhenAll(_partitions.Select(state => Task.Run(() => RunAsync(state), CancellationToken.None)));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops;
        _stop.Dispose();
    }

    private async Task RunAsync(PartitionState state)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await PassAsync(state, _stop.Token);
                state.Fault = null;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                // The batch is tried again, for ever: to step over it would lose it. The fault stands in the status meanwhile.
                state.Fault = fault.Message;
                BatchFailed(logger, group, topic, state.Partition, state.Offset, fault);
                await Task.Delay(Idle, time, CancellationToken.None);
            }
        }
    }

    private async Task PassAsync(PartitionState state, CancellationToken cancel)
    {
        if (epochOf is not null && epochOf(state.Partition) is var epoch && epoch != state.Epoch)
        {
            if (epoch != 0) state.Offset = await log.GetCommittedAsync(group, topic, state.Partition, cancel);
            state.Epoch = epoch;
        }

        if (epochOf is not null && state.Epoch == 0)
        {
            await Task.Delay(Idle, time, cancel);
            return;
        }

        var records = await log.ReadAsync(topic, state.Partition, state.Offset, Limits.EventBatch, cancel);
        if (records.Count == 0)
        {
            await log.WaitAsync(topic, state.Partition, state.Offset, Idle, cancel);
            return;
        }

        if (records[0].Offset != state.Offset + 1)
            throw new TidelineException(ErrorCode.Corrupt, $"{topic}/{state.Partition} begins at {records[0].Offset}, group {group} had read to {state.Offset}: what lay between is lost.");
        await handle(state.Partition, records, cancel);
        CrashPoint.Pass("offset.commit.before");
        await log.CommitAsync(group, topic, state.Partition, records[^1].Offset, cancel);
        CrashPoint.Pass("offset.commit.after");
        state.Offset = records[^1].Offset;
    }

    private sealed class PartitionState(int partition)
    {
        public int Partition { get; } = partition;

        public long Epoch { get; set; }

        public long Offset { get; set; }

        public string? Fault { get; set; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Group {Group} could not handle {Topic}/{Partition} after {Offset}; it tries again.")]
    private static partial void BatchFailed(ILogger logger, string group, string topic, int partition, long offset, Exception fault);
}

/// <summary>How far a group is on a partition, and what holds it up if anything does.</summary>
public sealed record ConsumerStatus(string Group, string Topic, int Partition, long Offset, string? Fault);
