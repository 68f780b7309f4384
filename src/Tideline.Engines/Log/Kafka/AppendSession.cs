using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The life of one producer, and what was sent through it. Records stay with it until they are confirmed, however long
/// that takes, and one that is appended again meanwhile only waits for the first. A record that cannot be delivered
/// ends the session; the next one finds out from the log what is there.
/// </summary>
internal sealed partial class AppendSession : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Topic, string Source), SourceProgress> _sources = [];
    private readonly List<Flight> _flights = [];
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly RecordSeal _seal;
    private readonly ILogger _logger;
    private TaskCompletionSource _room = New();
    private TidelineException? _end;
    private long _bytes;
    private bool _isAwaited;

    public AppendSession(IProducer<byte[], byte[]> producer, RecordSeal seal, ILogger logger) =>
        (_producer, _seal, _logger) = (producer, seal, logger);

    public bool HasEnded
    {
        get
        {
            lock (_gate) return _end is not null;
        }
    }

    public bool Knows(string topic, string source)
    {
        lock (_gate) return _sources.ContainsKey((topic, source));
    }

    /// <summary>Takes in what the partitions of a topic tell of a source.</summary>
    /// <returns>Up to which sequence all of the source is on the log.</returns>
    public long Learn(string topic, string source, IEnumerable<Partition> partitions)
    {
        lock (_gate)
        {
            if (!_sources.TryGetValue((topic, source), out var progress))
                _sources[(topic, source)] = progress = new SourceProgress(source);
            progress.Learn(partitions.Select(partition => partition.SourceTail(source)));
            return progress.Settled;
        }
    }

    /// <summary>The records that are not there yet; null when a source skips one.</summary>
    /// <exception cref="TidelineException">The session has ended: what it sent may not have arrived.</exception>
    public List<LogRecord>? Plan(IReadOnlyList<LogRecord> records, out string skipped)
    {
        var due = new Dictionary<(string, string), long>();
        var missing = new List<LogRecord>();
        lock (_gate)
        {
            ThrowIfEnded();
            foreach (var record in records)
            {
                var (key, progress) = ((record.Topic, record.Source), _sources[(record.Topic, record.Source)]);
                if (!due.TryGetValue(key, out var next)) next = progress.Sent + 1;
                if (record.FollowsSeq >= next)
                {
                    skipped = $"{record.Source} appended {record.SourceSeq} to {record.Topic} after "
                        + $"{record.FollowsSeq}, but {next - 1} is the last there: something between was lost.";
                    return null;
                }

                if (record.SourceSeq < next) continue;
                due[key] = record.SourceSeq + 1;
                missing.Add(record);
            }
        }

        skipped = "";
        return missing;
    }

    /// <summary>Everything that is on its way now.</summary>
    /// <exception cref="TidelineException">As <see cref="Plan"/>.</exception>
    public Task AllLanded()
    {
        lock (_gate)
        {
            ThrowIfEnded();
            return Task.WhenAll(_flights.Select(flight => flight.Landed));
        }
    }

    public Flight Begin()
    {
        var flight = new Flight();
        lock (_gate)
        {
            ThrowIfEnded();
            _flights.Add(flight);
            return flight;
        }
    }

    /// <summary>Completes when the producer can take another record.</summary>
    public Task Room()
    {
        lock (_gate)
        {
            _isAwaited = _bytes >= KafkaLimits.InFlightBytes && _end is null;
            return _isAwaited ? _room.Task : Task.CompletedTask;
        }
    }

    /// <summary>Hands a record to the producer unless it is on the log beyond a gap that this append fills.</summary>
    public void Send(Flight flight, LogRecord record, Partition partition)
    {
        var bytes = record.Data.Length + KafkaLimits.RecordOverheadBytes;
        lock (_gate)
        {
            ThrowIfEnded();
            var progress = _sources[(record.Topic, record.Source)];
            if (progress.Has(record.SourceSeq))
            {
                progress.Pass(record.SourceSeq);
                return;
            }

            var stamp = progress.Send(record.SourceSeq, partition.Number, record.FollowsSeq);
            _bytes += bytes;
            flight.Add();
            try
            {
                _producer.Produce(partition.Place, CloudEventHeaders.Write(record, stamp, _seal), report =>
                    Reported(flight, progress, partition, stamp, bytes, report));
            }
            catch (KafkaException fault)
            {
                throw Failed(fault.Error);
            }
        }
    }

    /// <summary>No more records come for this flight.</summary>
    public void Sent(Flight flight)
    {
        flight.Done();
        Landed(flight);
    }

    /// <summary>Ends the session; what is on its way may be on the log or not.</summary>
    public void End(TidelineException fault)
    {
        lock (_gate)
        {
            if (_end is not null) return;
            _end = fault;
            foreach (var flight in _flights) flight.Fail(fault);
            _flights.Clear();
            _room.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        End(new TidelineException(Kernel.ErrorCode.ShuttingDown, "The log is closed."));
        _producer.Dispose();
    }

    private void Reported(Flight flight, SourceProgress progress,
        Partition partition, RecordStamp stamp, int bytes, DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError)
        {
            Failed(report.Error);
            return;
        }

        lock (_gate)
        {
            if (_end is not null) return;
            progress.Confirm(stamp);
            _bytes -= bytes;
            if (_bytes < KafkaLimits.InFlightBytes && _isAwaited)
            {
                _isAwaited = false;
                _room.TrySetResult();
                _room = New();
            }
        }

        partition.Confirmed(report.Offset.Value, stamp);
        flight.Done();
        Landed(flight);
    }

    private void Landed(Flight flight)
    {
        if (!flight.Landed.IsCompleted) return;
        lock (_gate) _flights.Remove(flight);
    }

    private TidelineException Failed(Error error)
    {
        var fault = new TidelineException(Kernel.ErrorCode.StorageUnavailable, $"Kafka could not append: "
            + $"{error.Reason}. What was on its way may be on the log; to append it again is harmless.");
        if (!HasEnded) SessionEnded(_logger, error.Reason);
        End(fault);
        return fault;
    }

    private void ThrowIfEnded()
    {
        if (_end is not null) throw new TidelineException(_end.Code, _end.Message, _end);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Error, Message = "The producer of the log cannot go on: {Reason}. A new one takes "
        + "over, after it has read what is on the log.")]
    private static partial void SessionEnded(ILogger logger, string reason);
}
