using System.Numerics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// A partition as this process knows it: its history, the window at its end while that is followed, and the fault that
/// stopped it. Whoever meets a message first tells the history: a reader of the end, a reader of a stretch, or the
/// producer when the brokers confirm it.
/// </summary>
internal sealed partial class Partition(
    string topic, string topicId, TopicPartition place, PartitionHistory history, RecordSeal seal, ILogger logger)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = New();
    private bool _isAwaited;
    private TailWindow? _window;
    private TidelineException? _fault;
    private long _confirmed = -1;
    private long _first;

    public string Topic => topic;

    public string TopicId => topicId;

    public int Number => place.Partition.Value;

    public TopicPartition Place => place;

    /// <summary>When somebody last read or waited here; a timestamp of the time provider.</summary>
    public long UsedAt { get; set; }

    /// <summary>The position and time of the entry that was last kept of the history.</summary>
    public (long Position, long At) Kept { get; set; }

    /// <summary>The Kafka offset up to which everything is known.</summary>
    public long Position
    {
        get
        {
            lock (_gate) return history.Position;
        }
    }

    /// <summary>The log's offset of the newest record that is known.</summary>
    public long Head => RecordsBefore(Position);

    /// <summary>
    /// Whether it lost records or contradicts itself: nothing is added to it, and what is known of it is all there is.
    /// </summary>
    public bool IsStopped
    {
        get
        {
            lock (_gate) return _fault is not null;
        }
    }

    /// <summary>Whether the end is followed.</summary>
    public bool IsFollowed
    {
        get
        {
            lock (_gate) return _window is not null;
        }
    }

    /// <summary>
    /// How many records of the log stand before a Kafka offset. What nobody here has read yet counts as records.
    /// </summary>
    public long RecordsBefore(long kafkaOffset)
    {
        lock (_gate) return history.Hidden.RecordsBefore(kafkaOffset);
    }

    /// <summary>The Kafka offset right after the log's record <paramref name="offset"/>; 0 for 0.</summary>
    public long KafkaAfter(long offset)
    {
        lock (_gate) return offset <= 0 ? 0 : history.Hidden.OffsetOf(offset) + 1;
    }

    /// <summary>
    /// Where to begin to read what follows the log's record <paramref name="offset"/>, of what is kept and as far as is
    /// known: at <see cref="Position"/> when it is the newest.
    /// </summary>
    public long ReadFrom(long offset) => Math.Max(Math.Min(KafkaAfter(offset), Position), Volatile.Read(ref _first));

    /// <summary>Notes that Kafka keeps nothing before an offset.</summary>
    public void Dropped(long before)
    {
        lock (_gate)
        {
            Volatile.Write(ref _first, Math.Max(_first, before));
            history.Forget(_first);
        }
    }

    /// <summary>
    /// Goes on after what retention took unseen; <paramref name="kept"/> is what somebody else knew of it.
    /// </summary>
    public void Skip(long first, HistoryEntry? kept)
    {
        lock (_gate)
        {
            if (kept is not null && kept.Position > history.Position) history = new PartitionHistory(kept);
            if (history.Position < first) history.SkipTo(first);
            Skipped(logger, topic, Number, first);
        }
    }

    /// <summary>The record that a message is; null when it is a repeat, or nobody's.</summary>
    /// <exception cref="TidelineException">Corrupt: a record before it is lost.</exception>
    public LogRecord? Take(ConsumeResult<byte[], byte[]> message)
    {
        var read = CloudEventHeaders.Read(topic, Number, message.Message, seal);
        lock (_gate)
        {
            var offset = message.Offset.Value;
            if (offset >= history.Position) Learn(offset, read?.Stamp);
            if (read is not { Record: var record } || history.Hidden.Contains(offset)) return null;
            return record with { Offset = history.Hidden.RecordsBefore(offset) + 1 };
        }
    }

    /// <summary>The brokers confirmed a record that this process wrote.</summary>
    public void Confirmed(long offset, RecordStamp stamp)
    {
        lock (_gate)
        {
            // The confirmation of a repeated request can come without its offset.
            if (offset < 0 || _fault is not null) return;
            if (offset <= _confirmed)
            {
                Stop($"a record was written at Kafka offset {offset} after another at {_confirmed}: the brokers lost "
                    + $"what stood between, as an unclean election does.");
                return;
            }

            _confirmed = offset;
            if (offset != history.Position) return;
            try
            {
                Learn(offset, stamp);
            }
            catch (TidelineException fault) when (fault.Code == Kernel.ErrorCode.Corrupt)
            {
                // Whoever comes next meets the fault; this is the brokers' thread.
                return;
            }
        }
    }

    /// <summary>The partition was read to here: what gave no message before it is a mark of somebody's
    /// transaction.</summary>
    public void ReadTo(long offset)
    {
        lock (_gate)
        {
            if (_fault is null && offset > history.Position) history.PassTo(offset);
        }
    }

    /// <summary>Whether it keeps messages that are not of the log.</summary>
    public bool HoldsForeign
    {
        get
        {
            lock (_gate) return history.Foreign.Count > 0;
        }
    }

    /// <summary>What is wrong with the partition, with what heals it; empty while all is well.</summary>
    public IReadOnlyList<LogFault> Faults()
    {
        lock (_gate)
        {
            var faults = new List<LogFault>();
            if (_fault is not null)
                faults.Add(new LogFault(topic, Number, 0,
                    $"{_fault.Message} Restart the processes: they go on from what Kafka has."));
            if (history.Foreign is not { Count: > 0 } foreign) return faults;
            faults.Add(new LogFault(
                topic, Number, foreign.Count,
                $"{topic}/{Number} holds {foreign.Count} messages that Tideline did not write, the newest at Kafka "
                + $"offset {foreign.Last}. They are passed over. Take the right to write there from other clients; "
                + $"retention drops the messages in time, kafka-delete-records at once."));
            return faults;
        }
    }

    /// <exception cref="TidelineException">Corrupt: the partition lost records, or contradicts itself.</exception>
    public void ThrowIfStopped()
    {
        lock (_gate)
        {
            if (_fault is not null) throw new TidelineException(_fault.Code, _fault.Message, _fault);
        }
    }

    /// <summary>
    /// Stops the partition, because to go on would hide a loss. What was read before can be read again.
    /// </summary>
    public TidelineException Stop(string reason)
    {
        lock (_gate)
        {
            if (_fault is not null) return _fault;
            _fault = new TidelineException(Kernel.ErrorCode.Corrupt, $"{topic}/{Number}: {reason}");
            Stopped(logger, _fault);
            Signal();
            return _fault;
        }
    }

    /// <summary>Begins a window at the end, or at <paramref name="afterOffset"/>.</summary>
    /// <returns>The Kafka offset from which messages are wanted.</returns>
    public long Follow(long afterOffset)
    {
        lock (_gate)
        {
            _window = new TailWindow(afterOffset);
            return ReadFrom(afterOffset);
        }
    }

    public void Unfollow()
    {
        lock (_gate) _window = null;
    }

    /// <summary>A message for the window; false when the window cannot go on with it.</summary>
    public bool TakeAtEnd(ConsumeResult<byte[], byte[]> message)
    {
        lock (_gate)
        {
            if (_window is null) return false;
            if (Take(message) is not { } record || record.Offset <= _window.Last) return true;
            if (record.Offset != _window.Last + 1) return false;
            _window.Add(record);
            Signal();
            return true;
        }
    }

    /// <summary>Records of the window; null when what follows <paramref name="afterOffset"/> is not in it.</summary>
    public IReadOnlyList<LogRecord>? ReadWindow(long afterOffset, int limit)
    {
        lock (_gate) return _window?.Read(afterOffset, limit);
    }

    /// <summary>
    /// Completes when something has changed for which <paramref name="isReached"/> holds, when the partition stopped,
    /// or when the time is over.
    /// </summary>
    public async Task WaitAsync(
        Func<Partition, bool> isReached, TimeSpan timeout, TimeProvider time, CancellationToken cancel)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            // Taken before it is looked, so that a change between the two cannot be missed.
            var changed = Changed();
            var left = timeout - time.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero || IsStopped || isReached(this)) return;
            try
            {
                await changed.WaitAsync(left, time, cancel);
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    /// <summary>The history as it can be kept; null when nothing came since it was last kept.</summary>
    public HistoryEntry? Keep()
    {
        lock (_gate) return _fault is null && history.Position > Kept.Position
            && history.Hidden.Runs <= KafkaLimits.KeptRuns ? history.Keep(topic, Number, topicId) : null;
    }

    /// <summary>What the partition tells of a source.</summary>
    public (int Partition, long Last, long Through, long[] Beyond) SourceTail(string source)
    {
        lock (_gate) return history.Sources.TryGetValue(source, out var tail)
            ? (Number, tail.Last, tail.Through, [.. tail.Beyond])
            : (Number, 0, 0, []);
    }

    /// <summary>The sources that the partition tells of and whose names begin so.</summary>
    public IReadOnlyList<string> SourcesOf(string prefix)
    {
        lock (_gate) return
            [.. history.Sources.Keys.Where(source => source.StartsWith(prefix, StringComparison.Ordinal))];
    }

    private void Learn(long offset, RecordStamp? stamp)
    {
        ThrowIfStopped();
        try
        {
            if (offset > history.Position) PassedOver(logger, topic, Number, history.Position, offset);
            if (offset > history.Position) history.PassTo(offset);
            if (history.Take(stamp)) Signal();
            // A client that writes many must not fill the program's log.
            if (stamp is null && BitOperations.IsPow2(history.Foreign.Count)) NotOfTheLog(
                logger, topic, Number, offset, history.Foreign.Count);
        }
        catch (TidelineException fault) when (fault.Code == Kernel.ErrorCode.Corrupt)
        {
            throw Stop(fault.Message);
        }
    }

    private Task Changed()
    {
        lock (_gate)
        {
            _isAwaited = true;
            return _changed.Task;
        }
    }

    private void Signal()
    {
        if (!_isAwaited) return;
        _isAwaited = false;
        _changed.TrySetResult();
        _changed = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Critical, Message = "A partition of the log stands still.")]
    private static partial void Stopped(ILogger logger, Exception fault);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Topic}/{Partition} holds something at Kafka offset {Offset} that Tideline did not write; "
            + "it is passed over, {Count} so far.")]
    private static partial void NotOfTheLog(ILogger logger, string topic, int partition, long offset, long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Topic}/{Partition} gives nothing between Kafka offsets {From} "
        + "and {To}; what Tideline wrote there would be missed by what follows it.")]
    private static partial void PassedOver(ILogger logger, string topic, int partition, long from, long to);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Topic}/{Partition} begins at Kafka offset {First}; what "
        + "retention took before was not seen by this process.")]
    private static partial void Skipped(ILogger logger, string topic, int partition, long first);
}
