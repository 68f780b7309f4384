using Confluent.Kafka;
using Tideline.Kernel;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Reads stretches of partitions: catching up, replay, verification. A few consumers serve all of them, so that nothing
/// of this holds up those who follow the end. One that goes on where it stopped has the next records already.
/// </summary>
internal sealed class BulkReader(KafkaClients clients, TimeProvider time) : IAsyncDisposable
{
    private const int StepMs = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(KafkaLimits.CallMs);
    private readonly SemaphoreSlim _places = new(KafkaLimits.BulkReaders, KafkaLimits.BulkReaders);
    private readonly Lock _gate = new();
    private readonly List<Cursor> _resting = [];
    private readonly CancellationTokenSource _stop = new();
    private int _cursors;

    /// <summary>
    /// Whether a fault says that the offset asked for is not on the partition: dropped already, or gone.
    /// </summary>
    public static bool IsOutOfRange(KafkaException fault) => fault.Error.Code is KafkaError.OffsetOutOfRange
        or KafkaError.Local_AutoOffsetReset or KafkaError.Local_LogTruncation;

    /// <summary>
    /// Gives the messages from one Kafka offset up to, not including, another, in order, until <paramref name="take"/>
    /// says that it is enough.
    /// </summary>
    /// <returns>The offset up to which there is nothing more to read: at the end, or after a mark of a transaction,
    /// more than the last message's.</returns>
    /// <exception cref="KafkaException">The first offset is out of range.</exception>
    /// <exception cref="TidelineException">StorageUnavailable: nothing came for a while.</exception>
    public async Task<long> ReadAsync(
        TopicPartition place, long from, long to, Func<ConsumeResult<byte[], byte[]>, bool> take,
            CancellationToken cancel)
    {
        if (from >= to) return from;
        await _places.WaitAsync(cancel);
        try
        {
            return await Task.Run(() => Read(place, from, to, take, cancel), cancel);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        for (var reader = 0; reader < KafkaLimits.BulkReaders; reader++) await _places.WaitAsync();
        foreach (var cursor in _resting) cursor.Consumer.Dispose();
        _places.Dispose();
        _stop.Dispose();
    }

    private long Read(TopicPartition place, long from, long to, Func<ConsumeResult<byte[], byte[]>, bool> take,
        CancellationToken cancel)
    {
        var cursor = Lease(place, from);
        var isWhole = false;
        try
        {
            cursor.GoTo(place, from);
            var begun = time.GetTimestamp();
            for (var isEnough = false; !isEnough && cursor.Next < to;)
            {
                cancel.ThrowIfCancellationRequested();
                if (_stop.IsCancellationRequested)
                    throw new TidelineException(Kernel.ErrorCode.ShuttingDown, "The log is closed.");
                if (cursor.Consumer.Consume(StepMs) is { } message)
                {
                    // What an assignment before this one had fetched.
                    if (message.TopicPartition != place || message.Offset.Value < cursor.Next) continue;
                    if (message.IsPartitionEOF)
                    {
                        // The marks of other clients' transactions take offsets and give no message.
                        cursor.Next = message.Offset.Value;
                        continue;
                    }

                    isEnough = message.Offset.Value >= to || !take(message);
                    cursor.Next = message.Offset.Value + 1;
                    begun = time.GetTimestamp();
                }
                else if (time.GetElapsedTime(begun) > Patience)
                {
                    throw KafkaFaults.Silent(
                        $"give {place.Topic}/{place.Partition.Value} from offset {cursor.Next}", KafkaLimits.CallMs);
                }
            }

            isWhole = true;
            return cursor.Next;
        }
        finally
        {
            // At the end there is nothing to fetch ahead: who follows it has another reader.
            if (!isWhole || cursor.Next >= to) cursor.Rest();
            lock (_gate) _resting.Add(cursor);
        }
    }

    private Cursor Lease(TopicPartition place, long from)
    {
        lock (_gate)
        {
            var index = _resting.FindIndex(cursor => cursor.Place == place && cursor.Next == from);
            if (index < 0) index = _resting.FindIndex(cursor => cursor.Place is null);
            if (index < 0 && _cursors < KafkaLimits.BulkReaders)
            {
                _cursors++;
                return new Cursor(clients.Consumer(KafkaLimits.BulkFetchWaitMs));
            }

            // The one that has rested longest.
            var found = _resting[Math.Max(0, index)];
            _resting.Remove(found);
            return found;
        }
    }

    private sealed class Cursor(IConsumer<byte[], byte[]> consumer)
    {
        private readonly HashSet<string> _topics = [];

        public IConsumer<byte[], byte[]> Consumer => consumer;

        public TopicPartition? Place { get; private set; }

        public long Next { get; set; }

        public void GoTo(TopicPartition place, long from)
        {
            if (Place == place && Next == from) return;
            KafkaClients.Introduce(consumer, place, _topics);
            consumer.Assign(new TopicPartitionOffset(place, from));
            (Place, Next) = (place, from);
        }

        public void Rest()
        {
            consumer.Unassign();
            Place = null;
        }
    }
}
