using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Groups' positions, as Kafka's own group offsets, so that the usual tools show them and their lag. Kafka forgets
/// those of a group that rests for long (<c>offsets.retention.minutes</c>); that a group is there, and a copy of where
/// it stood, is therefore on the state topic too.
/// </summary>
internal sealed partial class GroupOffsets(KafkaLogOptions options,
    PartitionTable partitions, StateTopic state, KafkaAdmin admin, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<(string Group, Partition Partition), GroupEntry> _uncopied = new();
    private readonly ConcurrentDictionary<(string Group, Partition Partition), long> _copiedAt = new();

    /// <summary>The position of a group, which is registered by being asked for.</summary>
    public async Task<long> GetOrAddAsync(string group, Partition partition, CancellationToken cancel)
    {
        if (state.Group(group, partition.Topic, partition.Number, partition.TopicId) is null)
            await state.CatchUpAsync(cancel);
        if (await NextAsync(group, partition, cancel) is not { } next)
        {
            next = 0;
            await KeepAsync(group, partition, next, cancel);
        }

        if (next > partition.Position) await partitions.CatchUpAsync([partition], cancel);
        if (next <= partition.Position) return partition.RecordsBefore(next);
        // What comes after the loss, the same again or other records, is new to the group.
        ReadWhatIsLost(logger, group, partition.Topic, partition.Number, next, partition.Position);
        return partition.Head;
    }

    /// <summary>Moves a group, durably.</summary>
    /// <exception cref="TidelineException">InvalidInput: beyond the head.</exception>
    public async Task CommitAsync(string group, Partition partition, long offset, CancellationToken cancel)
    {
        if (offset > partition.Head) await partitions.CatchUpAsync([partition], cancel);
        if (offset < 0 || offset > partition.Head)
            throw new TidelineException(Kernel.ErrorCode.InvalidInput, $"Group {group} cannot be at offset {offset} of "
                + $"{partition.Topic}/{partition.Number}, whose head is {partition.Head}.");
        await KeepAsync(group, partition, partition.KafkaAfter(offset), cancel);
    }

    /// <summary>The Kafka offset at which each registered group goes on with a partition.</summary>
    public async Task<IReadOnlyDictionary<string, long>> OfAsync(Partition partition, CancellationToken cancel)
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var entry in state.Groups.Where(entry => entry.Topic == partition.Topic
            && entry.Partition == partition.Number && entry.TopicId == partition.TopicId).ToList())
            found[entry.Group] = await NextAsync(entry.Group, partition, cancel) ?? 0;
        return found;
    }

    /// <summary>
    /// Copies positions that moved since they were last copied, when that is <see cref="KafkaLimits.KeepMs"/> ago or
    /// <paramref name="isLast"/> says that there is no later.
    /// </summary>
    public async Task CopyAsync(bool isLast, CancellationToken cancel)
    {
        foreach (var (key, entry) in _uncopied)
        {
            if (isLast || IsDue(key)) await CopyAsync(key, entry, cancel);
        }
    }

    private async Task KeepAsync(string group, Partition partition, long next, CancellationToken cancel)
    {
        var (key, entry) =
            ((group, partition), new GroupEntry(group, partition.Topic, partition.Number, partition.TopicId, next));
        // Registered before anything else, so that retention knows of it.
        if (state.Group(group, partition.Topic, partition.Number, partition.TopicId) is null)
            await CopyAsync(key, entry, cancel);
        await admin.SetGroupOffsetAsync(options.TopicPrefix + group, partition.Place, next, cancel);
        _uncopied[key] = entry;
        // One that moves rarely is copied at once; one that moves always, now and then.
        if (IsDue(key)) await CopyAsync(key, entry, cancel);
    }

    private bool IsDue((string, Partition) key) => !_copiedAt.TryGetValue(key, out var at)
        || time.GetElapsedTime(at).TotalMilliseconds >= KafkaLimits.KeepMs;

    private async Task CopyAsync((string Group, Partition Partition) key, GroupEntry entry, CancellationToken cancel)
    {
        await state.PutAsync(new StateEntry(Group: entry), cancel);
        _copiedAt[key] = time.GetTimestamp();
        _uncopied.TryRemove(KeyValuePair.Create(key, entry));
    }

    // Where Kafka has forgotten it, the copy may be older by what was read since; and what is no longer kept had been
    // read by every group.
    private async Task<long?> NextAsync(string group, Partition partition, CancellationToken cancel)
    {
        if (await admin.GroupOffsetAsync(options.TopicPrefix + group, partition.Place, cancel) is { } next) return next;
        if (state.Group(group, partition.Topic, partition.Number, partition.TopicId) is not { } copy) return null;
        return Math.Max(copy.Next, (await admin.OffsetsAsync([partition.Place], OffsetReader.First, cancel))[0]);
    }

    [LoggerMessage(Level = LogLevel.Critical,
        Message = "The group {Group} had read {Topic}/{Partition} to Kafka offset {Next}, but it ends at {End}: the "
            + "brokers lost records, as an unclean election does. The group goes on at the end.")]
    private static partial void ReadWhatIsLost(
        ILogger logger, string group, string topic, int partition, long next, long end);
}
