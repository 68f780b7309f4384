namespace Tideline.Kernel;

/// <content>Limits of the bus on Kafka.</content>
public static partial class Limits
{
    /// <summary>
    /// How long an append, or an entry of the log's state, waits for Kafka to confirm it, milliseconds.
    /// </summary>
    public const int KafkaAppendMs = 10_000;

    /// <summary>How long a call asks a Kafka that does not answer, or cannot yet, milliseconds.</summary>
    public const int KafkaCallMs = 10_000;

    /// <summary>
    /// How long one request to a broker may take before its connection counts as dead, milliseconds: a broker that
    /// stands still holds up whoever asked it for so long, and up to a second more.
    /// </summary>
    public const int KafkaRequestMs = 1_000;

    /// <summary>
    /// How long a log that is closed goes on to keep how far it is known, milliseconds: what is not kept is read again
    /// at the next open.
    /// </summary>
    public const int KafkaCloseMs = 3_000;

    /// <summary>How long the offset of a group waits for a coordinator to send it to, milliseconds.</summary>
    public const int KafkaGroupMs = 6_000;

    /// <summary>Questions about offsets that are asked at once; more wait their turn.</summary>
    public const int KafkaOffsetCalls = 4;

    /// <summary>
    /// Rest before a request to Kafka is repeated, and longest rest before a broker is connected to again,
    /// milliseconds.
    /// </summary>
    public const int KafkaRetryMs = 100, KafkaReconnectMs = 1_000;

    /// <summary>
    /// How long it is believed who leads a partition, or keeps a group's offsets, before it is asked anew,
    /// milliseconds.
    /// </summary>
    public const int KafkaLeaderAgeMs = 500;

    /// <summary>Between two warnings of one client of Kafka, milliseconds.</summary>
    public const int KafkaComplaintMs = 10_000;

    /// <summary>
    /// How long a partition may end before what was read of it, milliseconds: a leader that was just elected shows all
    /// of its records a moment later, or never.
    /// </summary>
    public const int KafkaElectionMs = 5_000;

    /// <summary>
    /// How long the producer gathers records before it sends them, milliseconds: an append hands over all of its own at
    /// once.
    /// </summary>
    public const int KafkaLingerMs = 1;

    /// <summary>Bytes of records that may be on their way to Kafka unconfirmed; an append waits for room.</summary>
    public const int KafkaInFlightBytes = 64 * 1024 * 1024;

    /// <summary>Largest data of one record, bytes: below the 1 MiB of a broker's default.</summary>
    public const int KafkaRecordBytes = 900_000;

    /// <summary>What a record takes beside its data, bytes: headers and bookkeeping.</summary>
    public const int KafkaRecordOverheadBytes = 512;

    /// <summary>Consumers that read stretches of the log at once; more readers wait their turn.</summary>
    public const int KafkaBulkReaders = 4;

    /// <summary>Bytes of data after which one read of the log returns, with fewer records than it might.</summary>
    public const int KafkaReadBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Records and bytes that a consumer fetches ahead, and how long it rests when it has them, milliseconds.
    /// </summary>
    public const int KafkaPrefetchRecords =
        2 * EventBatch, KafkaPrefetchBytes = 16 * 1024 * 1024, KafkaFetchBackoffMs = 10;

    /// <summary>
    /// How long brokers hold a fetch that finds nothing, milliseconds: for those who follow the end, and for those who
    /// read a stretch. It delays only what is assigned meanwhile.
    /// </summary>
    public const int KafkaTailFetchWaitMs = 100, KafkaBulkFetchWaitMs = 10;

    /// <summary>Newest records of a followed partition that are kept in memory, bytes.</summary>
    public const int KafkaTailBytes = 4 * 1024 * 1024;

    /// <summary>
    /// How long a read waits for a record that is confirmed but not yet fetched, before it asks for it apart,
    /// milliseconds.
    /// </summary>
    public const int KafkaTailWaitMs = 250;

    /// <summary>After how long without a reader a partition is no longer followed, milliseconds.</summary>
    public const int KafkaTailIdleMs = 30_000;

    /// <summary>
    /// Records after which, and milliseconds after which, the history of a partition is kept anew; and how often that
    /// is looked at, milliseconds. An open reads what came since.
    /// </summary>
    public const int KafkaKeepRecords = 5_000, KafkaKeepMs = 60_000, KafkaKeepLookMs = 1_000;

    /// <summary>Between two looks whether the topics are still there, milliseconds.</summary>
    public const int KafkaTopicLookMs = 5_000;

    /// <summary>
    /// Segments of the topic on which the log keeps its state, bytes: a small one is compacted soon, and an open reads
    /// little.
    /// </summary>
    public const int KafkaStateSegmentBytes = 16 * 1024 * 1024;

    /// <summary>Runs of messages of one partition that are passed over (repeats, other clients' messages) before it is
    /// stopped: 40 bytes of memory each.</summary>
    public const int KafkaHiddenRuns = 1_000_000;

    /// <summary>Runs of messages passed over with which the history of a partition is still kept on the state topic;
    /// beyond, an open reads more.</summary>
    public const int KafkaKeptRuns = 20_000;
}
