using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The partitions that this process has to do with, opened when they are first needed, and how they are read.
/// </summary>
internal sealed class PartitionTable(
    TopicCatalog topics, StateTopic state, KafkaAdmin admin, BulkReader bulk, RecordSeal seal, TimeProvider time,
        ILogger logger) : IDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(KafkaLimits.RetryMs);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(KafkaLimits.ElectionMs);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<(string Topic, int Number), Partition> _open = new();

    public ICollection<Partition> Open => _open.Values;

    /// <summary>A partition with its history up to the end that it had when it was opened.</summary>
    /// <exception cref="TidelineException">InvalidInput: there is no such partition. IncompatibleData,
    /// StorageUnavailable or Corrupt.</exception>
    public ValueTask<Partition> GetAsync(string topic, int number, CancellationToken cancel) =>
        _open.TryGetValue((topic, number), out var known) ? new(known) : new(OpenAsync(topic, number, cancel));

    /// <summary>Every partition of a topic.</summary>
    public async Task<IReadOnlyList<Partition>> AllAsync(string topic, CancellationToken cancel)
    {
        var partitions = new Partition[(await topics.GetAsync(topic, cancel)).Partitions];
        for (var number = 0; number < partitions.Length; number++)
            partitions[number] = await GetAsync(topic, number, cancel);
        return partitions;
    }

    /// <summary>
    /// Learns of everything that is on the partitions now. One that turns out to have lost records is stopped; the
    /// others go on.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable.</exception>
    public async Task CatchUpAsync(IReadOnlyList<Partition> partitions, CancellationToken cancel)
    {
        var ends = await EndsAsync(partitions, cancel);
        await Task.WhenAll(partitions.Zip(ends).Where(each => each.First.Position < each.Second)
            .Select(each => LearnAsync(each.First, each.Second, cancel)));
    }

    /// <summary>Keeps the history of a partition as far as it is known, durably.</summary>
    public async Task KeepAsync(Partition partition, CancellationToken cancel)
    {
        if (partition.Keep() is not { } entry) return;
        await state.PutAsync(new StateEntry(History: entry), cancel);
        partition.Kept = (entry.Position, time.GetTimestamp());
    }

    /// <summary>
    /// Up to <paramref name="limit"/> records after one of the log, from the brokers; fewer when they are large.
    /// </summary>
    public async Task<IReadOnlyList<LogRecord>> ReadAsync(
        Partition partition, long afterOffset, int limit, CancellationToken cancel)
    {
        var end = partition.Head > afterOffset ? partition.Position : (await EndsAsync([partition], cancel))[0];
        var records = new List<LogRecord>();
        var bytes = 0L;
        try
        {
            await ScanAsync(partition, partition.ReadFrom(afterOffset), end, record =>
            {
                if (record.Offset > afterOffset) records.Add(record);
                bytes += record.Data.Length;
                return records.Count < limit && bytes < KafkaLimits.ReadBytes;
            }, cancel);
        }
        catch (TidelineException fault) when (fault.Code == Kernel.ErrorCode.Corrupt && records.Count > 0)
        {
            // What stands before the loss is whole; the next read meets it.
            return records;
        }

        if (records.Count == 0) partition.ThrowIfStopped();
        return records;
    }

    public void Dispose() => _gate.Dispose();

    private async Task<Partition> OpenAsync(string topic, int number, CancellationToken cancel)
    {
        var info = await topics.GetAsync(topic, cancel);
        if (number < 0 || number >= info.Partitions)
            throw new TidelineException(Kernel.ErrorCode.InvalidInput, $"{info.KafkaName} has no partition {number}.");
        await _gate.WaitAsync(cancel);
        try
        {
            if (_open.TryGetValue((topic, number), out var known)) return known;
            await state.CatchUpAsync(cancel);
            var place = new TopicPartition(info.KafkaName, number);
            var first = (await admin.OffsetsAsync([place], OffsetReader.First, cancel))[0];
            var partition = Load(info, place, first, state.History(topic, number, info.Id));
            await CatchUpAsync([partition], cancel);
            if (partition.IsStopped && partition.Position == partition.Kept.Position)
            {
                // It ends before what was kept of it, and that is said. What is left is the log from here on: whose
                // records are gone finds them missing.
                partition = Load(info, place, first, null);
                await CatchUpAsync([partition], cancel);
            }

            // From now on every process knows that it is there.
            if (partition.Kept.Position < 0) await KeepAsync(partition, cancel);
            return _open[(topic, number)] = partition;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Notes whether an operator has deleted the messages that are not of the log: nobody may read such a partition.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable.</exception>
    public async Task LookForDeletedAsync(CancellationToken cancel)
    {
        foreach (var partition in Open.Where(partition => partition.HoldsForeign))
            partition.Dropped((await admin.OffsetsAsync([partition.Place], OffsetReader.First, cancel))[0]);
    }

    private Partition Load(TopicInfo topic, TopicPartition place, long first, HistoryEntry? kept)
    {
        var history = kept is null ? new PartitionHistory(first) : new PartitionHistory(kept);
        var partition = new Partition(topic.Name, topic.Id, place, history, seal,
            logger)
        { Kept = (kept?.Position ?? -1, time.GetTimestamp()) };
        if (partition.Position < first) partition.Skip(first, null);
        partition.Dropped(first);
        return partition;
    }

    private async Task LearnAsync(Partition partition, long end, CancellationToken cancel)
    {
        // Who follows the end is about to learn of it anyway.
        if (partition.IsFollowed) await partition.WaitAsync(
            each => each.Position >= end, TimeSpan.FromMilliseconds(KafkaLimits.TailWaitMs), time, cancel);
        try
        {
            await ScanAsync(partition, partition.Position, end, _ => partition.Position < end, cancel);
        }
        catch (TidelineException fault) when (fault.Code == Kernel.ErrorCode.Corrupt)
        {
            // The partition is stopped and has said so; who needs it meets that.
            return;
        }
    }

    private async Task ScanAsync(
        Partition partition, long from, long end, Func<LogRecord, bool> take, CancellationToken cancel)
    {
        try
        {
            partition.ReadTo(await bulk.ReadAsync(
                partition.Place, from, end, message => partition.Take(message) is not { } record || take(record),
                    cancel));
        }
        catch (KafkaException fault) when (BulkReader.IsOutOfRange(fault))
        {
            var first = (await admin.OffsetsAsync([partition.Place], OffsetReader.First, cancel))[0];
            if (from >= first)
            {
                // Beyond the end, then: either that is found out now, or it has passed.
                await EndsAsync([partition], cancel);
                partition.ThrowIfStopped();
                throw KafkaFaults.Unavailable(
                    $"give {partition.Place.Topic}/{partition.Number} from offset {from}", fault);
            }

            // Retention was faster.
            await state.CatchUpAsync(cancel);
            if (partition.Position < first)
                partition.Skip(first, state.History(partition.Topic, partition.Number, partition.TopicId));
            partition.Dropped(first);
            await bulk.ReadAsync(partition.Place, first, end, message => partition.Take(message) is not { } record
                || take(record), cancel);
        }
        catch (KafkaException fault)
        {
            throw KafkaFaults.Unavailable($"give {partition.Place.Topic}/{partition.Number}", fault);
        }
    }

    // Where partitions end; for one that is stopped, how far it is known.
    private async Task<long[]> EndsAsync(IReadOnlyList<Partition> partitions, CancellationToken cancel)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var known = partitions.Select(partition => partition.Position).ToArray();
            var ends = await admin.OffsetsAsync(
                [.. partitions.Select(partition => partition.Place)], OffsetReader.End, cancel);
            var isPatient = time.GetElapsedTime(begun) < Patience;
            var isBack = false;
            for (var index = 0; index < ends.Length; index++)
            {
                if (ends[index] < known[index] && !partitions[index].IsStopped)
                {
                    isBack = true;
                    if (!isPatient) partitions[index].Stop($"it ends at Kafka offset {ends[index]}, but had reached "
                        + $"{known[index]}: the brokers lost records, as an unclean election does.");
                }

                if (partitions[index].IsStopped) ends[index] = known[index];
            }

            if (!isBack || !isPatient) return ends;
            // A leader that was just elected may not know yet how far it may show its records.
            await Task.Delay(Rest, time, cancel);
        }
    }
}
