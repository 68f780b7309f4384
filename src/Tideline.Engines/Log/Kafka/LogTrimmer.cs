using Tideline.Log;

namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// Drops old records that every group of their partition has read, from the beginning of the partition up to the first
/// that is young or unread.
/// </summary>
internal sealed class LogTrimmer(PartitionTable partitions, GroupOffsets groups, StateTopic state, KafkaAdmin admin)
{
    /// <returns>How many records were dropped.</returns>
    public async Task<long> TrimAsync(DateTimeOffset before, CancellationToken cancel)
    {
        await state.CatchUpAsync(cancel);
        var dropped = 0L;
        foreach (var partition in partitions.Open)
        {
            // Dead letters stay until they are dealt with; what a partition that lost records still has is needed to
            // find out why.
            if (partition.Topic.EndsWith(Topics.DeadLetters(""), StringComparison.Ordinal) || partition.IsStopped)
                continue;
            dropped += await TrimAsync(partition, before, cancel);
        }

        return dropped;
    }

    private async Task<long> TrimAsync(Partition partition, DateTimeOffset before, CancellationToken cancel)
    {
        // A partition that nobody reads keeps everything: there is no telling who may come.
        var read = await groups.OfAsync(partition, cancel);
        if (read.Count == 0) return 0;
        var first = (await admin.OffsetsAsync([partition.Place], OffsetReader.First, cancel))[0];
        partition.Dropped(first);
        var young = (await admin.OffsetsAsync(
            [partition.Place], Math.Max(0, before.ToUnixTimeMilliseconds()), cancel))[0];
        var until = young < 0 ? read.Values.Min() : Math.Min(read.Values.Min(), young);
        // What is read elsewhere, by a process that is further, is dropped by that one.
        if (until <= first || until > partition.Position) return 0;
        var dropped = partition.RecordsBefore(until) - partition.RecordsBefore(first);
        // Whose records they were must be known without them.
        await partitions.KeepAsync(partition, cancel);
        await admin.DeleteRecordsAsync(partition.Place, until, cancel);
        partition.Dropped(until);
        return dropped;
    }
}
