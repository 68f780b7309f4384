using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Follows the ends of partitions with one consumer and one thread, and fills their windows. A partition is followed
/// from the first time that somebody waits at its end until nobody has read there for
/// <see cref="KafkaLimits.TailIdleMs"/>.
/// </summary>
internal sealed partial class TailReader : IDisposable
{
    private const int StepMs = 100;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<TopicPartition, Partition> _followed = new();
    private readonly HashSet<string> _topics = [];
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private volatile bool _isDisposed;

    public TailReader(KafkaClients clients, TimeProvider time, ILogger logger)
    {
        (_consumer, _time, _logger) = (clients.Consumer(KafkaLimits.TailFetchWaitMs), time, logger);
        _thread = new Thread(Run) { IsBackground = true, Name = "kafka tail" };
        _thread.Start();
    }

    /// <summary>
    /// Follows a partition from the log's record <paramref name="afterOffset"/> on, unless it is followed already.
    /// </summary>
    public void Follow(Partition partition, long afterOffset)
    {
        lock (_gate)
        {
            if (_isDisposed || partition.IsFollowed) return;
            try
            {
                KafkaClients.Introduce(_consumer, partition.Place, _topics);
                _followed[partition.Place] = partition;
                _consumer.IncrementalAssign([new TopicPartitionOffset(partition.Place, partition.Follow(afterOffset))]);
            }
            catch (KafkaException fault)
            {
                // Who waits looks again by itself, and follows again then.
                CannotFollow(_logger, partition.Topic, partition.Number, fault.Error.Reason);
                _followed.TryRemove(partition.Place, out _);
                partition.Unfollow();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate) _isDisposed = true;
        _thread.Join();
        _consumer.Dispose();
    }

    private void Run()
    {
        var lookedAt = _time.GetTimestamp();
        while (!_isDisposed)
        {
            try
            {
                if (_consumer.Consume(StepMs) is { } message) Take(message);
                if (_time.GetElapsedTime(lookedAt).TotalMilliseconds < KafkaLimits.TailIdleMs / 10.0) continue;
                lookedAt = _time.GetTimestamp();
                foreach (var partition in _followed.Values.Where(partition => _time.GetElapsedTime(partition.UsedAt)
                    .TotalMilliseconds > KafkaLimits.TailIdleMs)) Leave(partition);
            }
            catch (ConsumeException fault)
            {
                // A reader of the stretch meets the same and can tell what it means.
                CannotFollow(
                    _logger, fault.ConsumerRecord?.Topic, fault.ConsumerRecord?.Partition.Value, fault.Error.Reason);
                if (fault.ConsumerRecord is { } record
                    && _followed.TryGetValue(record.TopicPartition, out var partition)) Leave(partition);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                // Nothing that comes from a bus may end this thread, and with it the process.
                CannotFollow(_logger, null, null, fault.Message);
            }
        }
    }

    private void Take(ConsumeResult<byte[], byte[]> message)
    {
        if (message.IsPartitionEOF || !_followed.TryGetValue(message.TopicPartition, out var partition)) return;
        try
        {
            if (!partition.TakeAtEnd(message)) Leave(partition);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The others are followed on. A reader of the stretch meets the same fault and says it.
            CannotFollow(_logger, partition.Topic, partition.Number, fault.Message);
            Leave(partition);
        }
    }

    private void Leave(Partition partition)
    {
        lock (_gate)
        {
            partition.Unfollow();
            if (_followed.TryRemove(partition.Place, out _)) _consumer.IncrementalUnassign([partition.Place]);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The end of {Topic}/{Partition} cannot be followed as it was: {Reason}")]
    private static partial void CannotFollow(ILogger logger, string? topic, int? partition, string reason);
}
