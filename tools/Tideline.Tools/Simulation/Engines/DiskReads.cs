using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>What the durable part of a ledger holds, for who checks it from outside.</summary>
internal static class DiskReads
{
    /// <summary>The newest durable event of a shard.</summary>
    public static long DurableSeq(this LedgerDisk disk, int shard) => disk.Of(shard).Durable.Events.LastNumber;

    /// <summary>The durable events of a shard, in order.</summary>
    public static IReadOnlyList<LedgerEvent> DurableEvents(this LedgerDisk disk, int shard) =>
        disk.Of(shard).Durable.Events.After(0, int.MaxValue);

    /// <summary>The durable accounts of a shard, the bank's too.</summary>
    public static IReadOnlyList<AccountRow> DurableAccounts(this LedgerDisk disk, int shard) =>
        [.. disk.Of(shard).Durable.Accounts.All];

    /// <summary>The numbers of a shard's records on a topic, in the order of their offsets.</summary>
    public static IReadOnlyList<long> SequencesOf(this LogDisk disk, string topic, int shard) =>
        [.. disk.Partition(topic, shard).After(0, int.MaxValue).Select(record => record.SourceSeq)];

    /// <summary>A time that two batches of a shard had, µs; null: none.</summary>
    public static long? RepeatedUs(this LedgerDisk disk, int shard) => disk.Of(shard).RepeatedUs;

    /// <summary>A shard's records on a topic, in the order of their offsets.</summary>
    public static IReadOnlyList<LogRecord> RecordsOf(this LogDisk disk, string topic, int shard) =>
        disk.Partition(topic, shard).After(0, int.MaxValue);

    /// <summary>The newest offset of a shard's partition of a topic.</summary>
    public static long HeadOf(this LogDisk disk, string topic, int shard) => disk.Partition(topic, shard).Head;

    /// <summary>Every group loses some of its newest positions, and reads again.</summary>
    /// <param name="disk">The log.</param>
    /// <param name="below">Draws a number below a bound.</param>
    public static void LosePositions(this LogDisk disk, Func<int, int> below)
    {
        foreach (var (topic, partition, group) in disk.Describe().SelectMany(partition => partition.Groups.Keys
            .Order(StringComparer.Ordinal).Select(group => (partition.Topic, partition.Partition, group))))
            disk.LosePositions(group, topic, partition, below(3));
    }

    /// <summary>Every topic that can be filled again loses some of its newest records.</summary>
    /// <param name="disk">The log.</param>
    /// <param name="below">Draws a number below a bound.</param>
    public static void LoseDerivedTails(this LogDisk disk, Func<int, int> below)
    {
        foreach (var partition in disk.Describe().Where(partition => Topics.IsDerived(partition.Topic)))
            disk.LoseTail(partition.Topic, partition.Partition, below(20));
    }

    /// <summary>The earliest expiry of an open hold, µs; null if none is open.</summary>
    public static long? NextExpiryUs(this LedgerDisk disk) => Enumerable.Range(0, disk.Map.Shards)
        .SelectMany(shard => disk.Of(shard).Durable.Holds.Open).Min(hold => (long?)hold.ExpiresUs);

    /// <summary>When an open hold expires, µs; null if it is not open.</summary>
    public static long? HoldExpiryUs(this LedgerDisk disk, Guid id) =>
        disk.Of(disk.Map.ShardOf(id)).Durable.Holds.Get(id) is { Status: HoldStatus.Open } hold ? hold.ExpiresUs : null;
}
