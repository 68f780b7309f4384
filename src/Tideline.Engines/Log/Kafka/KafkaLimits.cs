using Tideline.Kernel;

namespace Tideline.Engines.Log.Kafka;

/// <summary>Limits of the log in Kafka. A name ends with its unit.</summary>
internal static class KafkaLimits
{
    /// <summary>
    /// How long an append, or a write of the log's state, waits for Kafka to confirm it, milliseconds.
    /// </summary>
    internal const int AppendMs = 10_000;

    /// <summary>
    /// How long a call keeps trying a Kafka cluster that does not answer or is not ready, milliseconds.
    /// </summary>
    internal const int CallMs = 10_000;

    /// <summary>
    /// How long one request to a broker may take before its connection counts as dead, milliseconds. A hanging broker
    /// blocks its callers for this long, and up to a second more.
    /// </summary>
    internal const int RequestMs = 1_000;

    /// <summary>
    /// How long closing the log may spend on storing the histories of its partitions, milliseconds. Whatever is not
    /// stored is read again at the next open.
    /// </summary>
    internal const int CloseMs = 3_000;

    /// <summary>How long a commit of a group's offset waits for a coordinator, milliseconds.</summary>
    internal const int GroupMs = 6_000;

    /// <summary>Concurrent offset queries; more wait their turn.</summary>
    internal const int OffsetCalls = 4;

    /// <summary>
    /// The rest before a request to Kafka is retried, and the longest rest before reconnecting to a broker,
    /// milliseconds.
    /// </summary>
    internal const int RetryMs = 100, ReconnectMs = 1_000;

    /// <summary>
    /// How long the leader of a partition, or the coordinator of a group, is cached before it is looked up again,
    /// milliseconds.
    /// </summary>
    internal const int LeaderAgeMs = 500;

    /// <summary>The least time between two warnings of one Kafka client, milliseconds.</summary>
    internal const int ComplaintMs = 10_000;

    /// <summary>
    /// How long a partition may end before records that were already read from it, milliseconds. A newly elected leader
    /// shows all of its records a moment later, or never.
    /// </summary>
    internal const int ElectionMs = 5_000;

    /// <summary>
    /// How long the producer collects records before it sends them, milliseconds. An append hands over all of its
    /// records at once.
    /// </summary>
    internal const int LingerMs = 1;

    /// <summary>Unconfirmed bytes in flight to Kafka; an append waits for room.</summary>
    internal const int InFlightBytes = 64 * 1024 * 1024;

    /// <summary>Largest data of one record, bytes: below the 1 MiB of a broker's default.</summary>
    internal const int RecordBytes = 900_000;

    /// <summary>What a record takes in addition to its data, bytes: headers and bookkeeping.</summary>
    internal const int RecordOverheadBytes = 512;

    /// <summary>Consumers that read ranges of the log concurrently; more readers wait their turn.</summary>
    internal const int BulkReaders = 4;

    /// <summary>Bytes of data after which a read of the log returns, even with fewer records than requested.</summary>
    internal const int ReadBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Records and bytes that a consumer prefetches, and how long it pauses once it has them, milliseconds.
    /// </summary>
    internal const int PrefetchRecords =
        2 * Limits.EventBatch, PrefetchBytes = 16 * 1024 * 1024, FetchBackoffMs = 10;

    /// <summary>
    /// How long brokers hold a fetch that finds nothing, milliseconds: for consumers that follow the end, and for
    /// consumers that read a range. It delays only partitions that are assigned meanwhile.
    /// </summary>
    internal const int TailFetchWaitMs = 100, BulkFetchWaitMs = 10;

    /// <summary>The newest records of a followed partition that are kept in memory, bytes.</summary>
    internal const int TailBytes = 4 * 1024 * 1024;

    /// <summary>
    /// How long a read waits for a record that is confirmed but not yet fetched before it fetches the record itself,
    /// milliseconds.
    /// </summary>
    internal const int TailWaitMs = 250;

    /// <summary>A partition without a reader is no longer followed after this time, milliseconds.</summary>
    internal const int TailIdleMs = 30_000;

    /// <summary>
    /// The history of a partition is stored after this many records, or this many milliseconds; and how often that is
    /// checked, milliseconds. An open reads what came since.
    /// </summary>
    internal const int KeepRecords = 5_000, KeepMs = 60_000, KeepLookMs = 1_000;

    /// <summary>How often the existence of the topics is checked, milliseconds.</summary>
    internal const int TopicLookMs = 5_000;

    /// <summary>
    /// Segment size of the topic on which the log keeps its state, bytes. Small segments are compacted soon, so an open
    /// reads little.
    /// </summary>
    internal const int StateSegmentBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Runs of skipped messages (repeats, other clients' messages) in one partition before the partition is stopped: 40
    /// bytes of memory each.
    /// </summary>
    internal const int HiddenRuns = 1_000_000;

    /// <summary>
    /// Runs of skipped messages up to which the history of a partition is still stored on the state topic; beyond this,
    /// an open reads more.
    /// </summary>
    internal const int KeptRuns = 20_000;
}
