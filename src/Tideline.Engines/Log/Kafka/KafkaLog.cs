#pragma warning disable CA2000 // What is opened here is ended by the log, which owns it.
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The log on Apache Kafka 3.7 or later. A topic of the log is a topic of Kafka, a shard is a partition, and offsets count the records of a partition from 1: Kafka's own offset plus 1,
/// less what readers pass over before it, which is nothing unless a record was written twice (docs/decisions/0014).
/// </summary>
public sealed partial class KafkaLog : ILog
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KafkaAdmin _admin;
    private readonly BulkReader _bulk;
    private readonly TopicCatalog _topics;
    private readonly StateTopic _state;
    private readonly PartitionTable _partitions;
    private readonly TailReader _tail;
    private readonly Appender _appender;
    private readonly GroupOffsets _groups;
    private readonly LogTrimmer _trimmer;
    private Task _keeping = Task.CompletedTask;

    private KafkaLog(KafkaLogOptions options, KafkaClients clients, KafkaAdmin admin, BulkReader bulk, TopicCatalog topics, StateTopic state, TimeProvider time, ILogger logger)
    {
        (_admin, _bulk, _topics, _state, _time, _logger) = (admin, bulk, topics, state, time, logger);
        _partitions = new PartitionTable(topics, state, admin, bulk, time, logger);
        _tail = new TailReader(clients, time, logger);
        _appender = new Appender(clients, _partitions, time, logger);
        _groups = new GroupOffsets(options, _partitions, state, admin, time, logger);
        _trimmer = new LogTrimmer(_partitions, _groups, state, admin);
    }

    /// <summary>Reaches the brokers and reads what the log needs to know. Topics are made when they are first needed.</summary>
    /// <exception cref="TidelineException">InvalidInput: the options cannot work. StorageUnavailable: no broker answers. IncompatibleData: the topics are not as the log needs them.</exception>
    public static async Task<KafkaLog> OpenAsync(KafkaLogOptions options, TimeProvider time, ILogger<KafkaLog> logger, CancellationToken cancel)
    {
        options.Validate();
        var clients = new KafkaClients(options, time, logger);
        var admin = new KafkaAdmin(clients.Admin(), time);
        var bulk = new BulkReader(clients, time);
        try
        {
            var topics = new TopicCatalog(options, admin, logger);
            var state = new StateTopic(await topics.GetCompactedAsync(StateTopic.Name, cancel), admin, bulk, clients.Producer(Limits.KafkaAppendMs), time);
            await state.CatchUpAsync(cancel);
            var log = new KafkaLog(options, clients, admin, bulk, topics, state, time, logger);
            log._keeping = Task.Run(log.KeepAllAsync, CancellationToken.None);
            return log;
        }
        catch
        {
            await bulk.DisposeAsync();
            admin.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        ThrowIfClosed();
        if (records.Count > 0) await _appender.AppendAsync(records, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<long> GetSourceHeadAsync(string topic, string source, CancellationToken cancel)
    {
        ThrowIfClosed();
        return await _appender.SourceHeadAsync(topic, source, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LogRecord>> ReadAsync(string topic, int partition, long afterOffset, int limit, CancellationToken cancel)
    {
        var from = await UseAsync(topic, partition, cancel);
        afterOffset = Math.Max(0, afterOffset);
        var read = from.ReadWindow(afterOffset, limit);
        if (read is { Count: 0 } && from.Head > afterOffset)
        {
            // It is confirmed, or somebody saw it: who follows the end has it in a moment.
            await from.WaitAsync(each => each.ReadWindow(afterOffset, 1) is not { Count: 0 }, TimeSpan.FromMilliseconds(Limits.KafkaTailWaitMs), _time, cancel);
            read = from.ReadWindow(afterOffset, limit);
        }

        if (read is { Count: > 0 } || (read is not null && from is { IsStopped: false } && from.Head <= afterOffset)) return read;
        return await _partitions.ReadAsync(from, afterOffset, limit, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel)
    {
        var of = await UseAsync(topic, partition, cancel);
        await _partitions.CatchUpAsync([of], cancel);
        of.ThrowIfStopped();
        return of.Head;
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(string topic, int partition, long afterOffset, TimeSpan timeout, CancellationToken cancel)
    {
        var at = await UseAsync(topic, partition, cancel);
        if (at.Head > afterOffset) return;
        if (!at.IsFollowed) await Task.Run(() => _tail.Follow(at, afterOffset), cancel);
        await at.WaitAsync(each => each.Head > afterOffset, timeout, _time, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<long> GetCommittedAsync(string group, string topic, int partition, CancellationToken cancel) =>
        await _groups.GetOrAddAsync(group, await UseAsync(topic, partition, cancel), cancel);

    /// <inheritdoc/>
    public async ValueTask CommitAsync(string group, string topic, int partition, long offset, CancellationToken cancel) =>
        await _groups.CommitAsync(group, await UseAsync(topic, partition, cancel), offset, cancel);

    /// <inheritdoc/>
    public async ValueTask<long> TrimAsync(DateTimeOffset before, CancellationToken cancel)
    {
        ThrowIfClosed();
        return await _trimmer.TrimAsync(before, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<PartitionStatus>> DescribeAsync(CancellationToken cancel)
    {
        ThrowIfClosed();
        await _state.CatchUpAsync(cancel);
        var open = new List<Partition>();
        foreach (var kept in _state.Histories.OrderBy(kept => kept.Topic, StringComparer.Ordinal).ThenBy(kept => kept.Partition).ToList())
            open.Add(await _partitions.GetAsync(kept.Topic, kept.Partition, cancel));
        var places = open.ConvertAll(partition => partition.Place);
        var (firsts, ends) = (await _admin.OffsetsAsync(places, OffsetSpec.Earliest(), cancel), await _admin.OffsetsAsync(places, OffsetSpec.Latest(), cancel));
        var found = new List<PartitionStatus>();
        for (var index = 0; index < open.Count; index++)
        {
            var partition = open[index];
            if (ends[index] == 0) continue;
            var groups = (await _groups.OfAsync(partition, cancel)).ToDictionary(group => group.Key, group => partition.RecordsBefore(group.Value));
            found.Add(new PartitionStatus(partition.Topic, partition.Number, partition.RecordsBefore(firsts[index]) + 1, partition.RecordsBefore(ends[index]), groups));
        }

        return found;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested) return;
        await _stop.CancelAsync();
        await _keeping;
        _appender.Dispose();
        _tail.Dispose();
        await KeepAsync(isLast: true);
        await _bulk.DisposeAsync();
        _state.Dispose();
        _partitions.Dispose();
        _topics.Dispose();
        _admin.Dispose();
        _stop.Dispose();
    }

    private async ValueTask<Partition> UseAsync(string topic, int partition, CancellationToken cancel)
    {
        ThrowIfClosed();
        var used = await _partitions.GetAsync(topic, partition, cancel);
        used.UsedAt = _time.GetTimestamp();
        return used;
    }

    private async Task KeepAllAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Limits.KafkaKeepLookMs), _time, _stop.Token);
                await KeepAsync(isLast: false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // Not needed for correctness: what is not kept is read again at the next open.
    private async Task KeepAsync(bool isLast)
    {
        try
        {
            foreach (var partition in _partitions.Open.Where(partition => isLast || IsDue(partition))) await _partitions.KeepAsync(partition, CancellationToken.None);
            await _groups.CopyAsync(isLast, CancellationToken.None);
        }
        catch (TidelineException fault)
        {
            NotKept(_logger, fault);
        }
    }

    private bool IsDue(Partition partition) =>
        partition.Position - partition.Kept.Position >= Limits.KafkaKeepRecords || _time.GetElapsedTime(partition.Kept.At).TotalMilliseconds >= Limits.KafkaKeepMs;

    private void ThrowIfClosed()
    {
        if (_stop.IsCancellationRequested) throw new TidelineException(Kernel.ErrorCode.ShuttingDown, "The log is closed.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "How far the log is known could not be kept; it is tried again.")]
    private static partial void NotKept(ILogger logger, Exception fault);
}
