#pragma warning disable CA2000 // What is opened here is ended by the log, which owns it.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The log on Apache Kafka 3.7 or later. A topic of the log is a topic of Kafka, a shard is a partition, and offsets
/// count the records of a partition from 1: Kafka's own offset plus 1, less what readers pass over before it, which is
/// nothing unless a record was written twice (docs/decisions/0014).
/// </summary>
public sealed partial class KafkaLog : ILog
{
    private readonly CallGate _calls = new();
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
    private readonly BackgroundLoop _keeping;
    private volatile IReadOnlyList<LogFault> _gone = [];
    private long _lookedAt;

    private KafkaLog(
        KafkaLogOptions options, KafkaClients clients, KafkaAdmin admin, BulkReader bulk, TopicCatalog topics,
            StateTopic state, RecordSeal seal,
        TimeProvider time, ILogger logger)
    {
        (_admin, _bulk, _topics, _state, _time, _logger) = (admin, bulk, topics, state, time, logger);
        _partitions = new PartitionTable(topics, state, admin, bulk, seal, time, logger);
        _tail = new TailReader(clients, time, logger);
        _appender = new Appender(clients, _partitions, seal, time, logger);
        _groups = new GroupOffsets(options, _partitions, state, admin, time, logger);
        _trimmer = new LogTrimmer(_partitions, _groups, state, admin);
        _keeping = new BackgroundLoop("state of the log", KeepAllAsync,
            TimeSpan.FromMilliseconds(KafkaLimits.KeepLookMs), time, logger);
    }

    /// <summary>
    /// Reaches the brokers and reads what the log needs to know. Topics are made when they are first needed.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: the options cannot work. StorageUnavailable: no broker
    /// answers. IncompatibleData: the topics are not as the log needs them.</exception>
    public static async Task<KafkaLog> OpenAsync(
        KafkaLogOptions options, TimeProvider time, ILogger<KafkaLog> logger, CancellationToken cancel)
    {
        options.Validate();
        var clients = new KafkaClients(options, time, logger);
        var admin = new KafkaAdmin(clients.Admin(), clients.Offsets(), new GroupClients(clients.Group), time);
        var (bulk, seal) = (new BulkReader(clients, time), new RecordSeal(options.Secret, options.Installation));
        var topics = new TopicCatalog(options, admin, logger);
        StateTopic? state = null;
        try
        {
            state = new StateTopic(await topics.GetCompactedAsync(StateTopic.Name, cancel), admin, bulk,
                clients.Producer(KafkaLimits.AppendMs), seal, time);
            await state.CatchUpAsync(cancel);
            var log = new KafkaLog(options, clients, admin, bulk, topics, state, seal, time, logger);
            log._keeping.Start();
            return log;
        }
        catch
        {
            await bulk.DisposeAsync();
            state?.Dispose();
            topics.Dispose();
            await admin.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<LogFault> Faults =>
        [.. Away(), .. _gone, .. _partitions.Open.SelectMany(partition => partition.Faults())];

    /// <inheritdoc/>
    public async ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel) =>
        await _calls.RunAsync(async either =>
    {
        if (records.Count > 0) await _appender.AppendAsync(records, either);
        return true;
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<long> GetSourceHeadAsync(string topic, string source, CancellationToken cancel) =>
        _calls.RunAsync(async either => await _appender.SourceHeadAsync(topic, source, either), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> GetSourcesAsync(string topic, string prefix, CancellationToken cancel) =>
        _calls.RunAsync(async either => await _appender.SourcesAsync(topic, prefix, either), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel) =>
        _calls.RunAsync(async either =>
    {
        var from = await UseAsync(topic, partition, either);
        afterOffset = Math.Max(0, afterOffset);
        var read = from.ReadWindow(afterOffset, limit);
        if (read is { Count: 0 } && from.Head > afterOffset)
        {
            // It is confirmed, or somebody saw it: who follows the end has it in a moment.
            await from.WaitAsync(each => each.ReadWindow(afterOffset, 1) is not { Count: 0 },
                TimeSpan.FromMilliseconds(KafkaLimits.TailWaitMs), _time, either);
            read = from.ReadWindow(afterOffset, limit);
        }

        if (read is { Count: > 0 } || (read is not null && from is { IsStopped: false } && from.Head <= afterOffset))
            return read;
        return await _partitions.ReadAsync(from, afterOffset, limit, either);
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel) =>
        _calls.RunAsync(async either =>
    {
        var of = await UseAsync(topic, partition, either);
        await _partitions.CatchUpAsync([of], either);
        of.ThrowIfStopped();
        return of.Head;
    }, cancel);

    /// <inheritdoc/>
    public async ValueTask WaitAsync(
        string topic, int partition, long afterOffset, TimeSpan timeout, CancellationToken cancel) =>
        await _calls.RunAsync(async either =>
    {
        var at = await UseAsync(topic, partition, either);
        if (at.Head > afterOffset) return true;
        if (!at.IsFollowed) await Task.Run(() => _tail.Follow(at, afterOffset), either);
        await at.WaitAsync(each => each.Head > afterOffset, timeout, _time, either);
        return true;
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<long> GetCommittedAsync(string group, string topic, int partition, CancellationToken cancel) =>
        _calls.RunAsync(async either =>
            await _groups.GetOrAddAsync(group, await UseAsync(topic, partition, either), either), cancel);

    /// <inheritdoc/>
    public async ValueTask CommitAsync(
        string group, string topic, int partition, long offset, CancellationToken cancel) =>
        await _calls.RunAsync(async either =>
    {
        await _groups.CommitAsync(group, await UseAsync(topic, partition, either), offset, either);
        return true;
    }, cancel);

    /// <inheritdoc/>
    public ValueTask<long> TrimAsync(DateTimeOffset before, CancellationToken cancel) =>
        _calls.RunAsync(async either => await _trimmer.TrimAsync(before, either), cancel);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionStatus>> DescribeAsync(CancellationToken cancel) =>
        _calls.RunAsync(StatusAsync, cancel);

    /// <summary>
    /// Ends the calls that are inside, keeps how far the log is known if Kafka answers within
    /// <see cref="KafkaLimits.CloseMs"/>, and closes the clients.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!await _calls.CloseAsync()) return;
        await _keeping.DisposeAsync();
        _appender.Dispose();
        _tail.Dispose();
        using (var late = new CancellationTokenSource(
            TimeSpan.FromMilliseconds(KafkaLimits.CloseMs), _time)) await KeepAsync(isLast: true, late.Token);
        await _bulk.DisposeAsync();
        _state.Dispose();
        _partitions.Dispose();
        _topics.Dispose();
        await _admin.DisposeAsync();
        _calls.Dispose();
    }

    private async ValueTask<IReadOnlyList<PartitionStatus>> StatusAsync(CancellationToken cancel)
    {
        await _state.CatchUpAsync(cancel);
        var open = new List<Partition>();
        foreach (var kept in _state.Histories.OrderBy(kept => kept.Topic, StringComparer.Ordinal)
            .ThenBy(kept => kept.Partition).ToList())
            open.Add(await _partitions.GetAsync(kept.Topic, kept.Partition, cancel));
        var places = open.ConvertAll(partition => partition.Place);
        var (firsts, ends) = (await _admin.OffsetsAsync(places, OffsetReader.First, cancel),
            await _admin.OffsetsAsync(places, OffsetReader.End, cancel));
        var found = new List<PartitionStatus>();
        for (var index = 0; index < open.Count; index++)
        {
            var partition = open[index];
            if (ends[index] == 0) continue;
            var groups = (await _groups.OfAsync(partition, cancel))
                .ToDictionary(group => group.Key, group => partition.RecordsBefore(group.Value));
            found.Add(new PartitionStatus(partition.Topic, partition.Number,
                partition.RecordsBefore(firsts[index]) + 1, partition.RecordsBefore(ends[index]), groups));
        }

        return found;
    }

    private async ValueTask<Partition> UseAsync(string topic, int partition, CancellationToken cancel)
    {
        var used = await _partitions.GetAsync(topic, partition, cancel);
        used.UsedAt = _time.GetTimestamp();
        return used;
    }

    // Nothing else notices brokers that are away while nothing is appended or read.
    private IEnumerable<LogFault> Away() =>
        _keeping.Fault is { } fault ? [new LogFault(StateTopic.Name, null, 0, fault)] : [];

    private async Task KeepAllAsync(CancellationToken stopping)
    {
        await KeepAsync(isLast: false, stopping);
        if (_time.GetElapsedTime(_lookedAt).TotalMilliseconds < KafkaLimits.TopicLookMs) return;
        _gone = await _topics.FindGoneAsync(stopping);
        await _partitions.LookForDeletedAsync(stopping);
        _lookedAt = _time.GetTimestamp();
    }

    // Not needed for correctness: what is not kept is read again at the next open.
    private async Task KeepAsync(bool isLast, CancellationToken cancel)
    {
        try
        {
            foreach (var partition in _partitions.Open.Where(partition => isLast || IsDue(partition)))
                await _partitions.KeepAsync(partition, cancel);
            await _groups.CopyAsync(isLast, cancel);
        }
        catch (Exception fault) when (fault is TidelineException or OperationCanceledException)
        {
            if (isLast || !cancel.IsCancellationRequested) NotKept(_logger, fault);
        }
    }

    private bool IsDue(Partition partition) =>
        partition.Position - partition.Kept.Position >= KafkaLimits.KeepRecords
            || _time.GetElapsedTime(partition.Kept.At).TotalMilliseconds >= KafkaLimits.KeepMs;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "How far the log is known could not be kept; a later try, or the next open, makes up for it.")]
    private static partial void NotKept(ILogger logger, Exception fault);
}
