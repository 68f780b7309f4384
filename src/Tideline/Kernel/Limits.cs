namespace Tideline.Kernel;

/// <summary>Every limit of the program, by name. Units stand at the end of the names.</summary>
public static partial class Limits
{
    /// <summary>Largest movement, minor units: far below overflow, far above any payment.</summary>
    public const long AmountMinor = 1_000_000_000_000_000;

    /// <summary>Longest text of an amount.</summary>
    public const int AmountCharacters = 24;

    /// <summary>Longest balance either way, minor units; a movement beyond it is refused.</summary>
    public const long BalanceMinor = 4_000_000_000_000_000_000;

    /// <summary>Longest customer name.</summary>
    public const int NameCharacters = 200;

    /// <summary>Longest e-mail address (RFC 5321).</summary>
    public const int EmailCharacters = 254;

    /// <summary>Longest reference of a movement (ISO 20022 Max140Text).</summary>
    public const int ReferenceCharacters = 140;

    /// <summary>Longest idempotency key.</summary>
    public const int IdempotencyKeyCharacters = 200;

    /// <summary>Most shards of one installation.</summary>
    public const int Shards = 64;

    /// <summary>Commands that wait for one shard before it says it is overloaded.</summary>
    public const int ShardQueueDepth = 16_384;

    /// <summary>Commands in one group commit.</summary>
    public const int ShardBatchCommands = 1_024;

    /// <summary>How long a shard may keep a command before it is answered all the same, and how often that is looked
    /// at, milliseconds.</summary>
    public const int ShardAnswerMs = 3_500, ShardAnswerLookMs = 100;

    /// <summary>How long commands may gather for a batch where COMMIT waits for a disk, milliseconds.</summary>
    public const double GatherMs = 2;

    /// <summary>How long the relay lets events gather after it carried some, when none of them moves a saga.</summary>
    public const int RelayPaceMs = 5;

    /// <summary>Batches of a shard that are committed and not yet durable. One: what arrives while the disk takes it gathers for the next.</summary>
    public const int UnsettledBatches = 1;

    /// <summary>Frames (4 KiB) of a write-ahead log at which it is copied back: pages that many batches touch are copied once.</summary>
    public const int CheckpointFrames = 8_000;

    /// <summary>How often the log is copied back beside its writer before the writer copies the rest.</summary>
    public const int CheckpointPasses = 3;

    /// <summary>Frames of the write-ahead log after which a file whose commits are not flushed has them written out: 2 MiB, a few milliseconds of the disk.</summary>
    public const int LogWriteOutFrames = 512;

    /// <summary>Frames of the log at which the writer waits for the copy.</summary>
    public const int CheckpointFramesMax = 32_000;

    /// <summary>Point reads that a check of the ledger has under way at once.</summary>
    public const int VerifyReadsAtOnce = 16;

    /// <summary>How often a request tries to claim a name that other requests claim at the same time.</summary>
    public const int ClaimAttempts = 16;

    /// <summary>Commands of a batch that one thread answers, one after the other.</summary>
    public const int AnswersPerWorkItem = 32;

    /// <summary>
    /// Keys of outcomes that a shard keeps in memory before they go into its index in order; at most two such
    /// generations. A restart reads them back, and a reader looks through as many rows for a key that it does not find
    /// in the index.
    /// </summary>
    public const int IndexGenerationRows = 16_384;

    /// <summary>Accounts that the check of balances takes in one pass over the entries: about 200 bytes of memory each.</summary>
    public const int BalanceCheckAccounts = 500_000;

    /// <summary>Events in one relay or projection batch.</summary>
    public const int EventBatch = 1_000;

    /// <summary>Rows of one page.</summary>
    public const int PageRows = 200;

    /// <summary>Rows of a page when the client names none.</summary>
    public const int DefaultPageRows = 50;

    /// <summary>Largest JSON body, bytes.</summary>
    public const int BodyBytes = 64 * 1024;

    /// <summary>Largest line of an NDJSON batch, bytes.</summary>
    public const int BatchLineBytes = 4 * 1024;

    /// <summary>Lines of one NDJSON batch in flight at once.</summary>
    public const int BatchInFlight = 1_024;

    /// <summary>Largest import file, bytes.</summary>
    public const int ImportBytes = 64 * 1024 * 1024;

    /// <summary>Payments of one import file.</summary>
    public const int ImportPayments = 100_000;

    /// <summary>
    /// How long a transfer waits for its saga before it answers 202, milliseconds since it came: less than
    /// <see cref="CommandAnswerMs"/>.
    /// </summary>
    public const int SagaWaitMs = CommandAnswerMs - 500;

    /// <summary>How long a session read waits for the view before it falls through to the ledger, milliseconds.</summary>
    public const int SessionWaitMs = 50;

    /// <summary>Between two looks for due timers and expired holds, milliseconds.</summary>
    public const int SweepIntervalMs = 250;

    /// <summary>How often what waits for an operator is counted, milliseconds.</summary>
    public const int SagaWatchMs = 2_000;

    /// <summary>Sagas of a shard and state that are counted; more are told as so many.</summary>
    public const int SagaWatchRows = 1_000;

    /// <summary>
    /// How often a message of a saga is tried before it is set aside, once with its batch and then alone.
    /// </summary>
    public const int SagaMessageAttempts = 3;

    /// <summary>
    /// What is kept of a message of a saga that is set aside, bytes: many times what any message has.
    /// </summary>
    public const int SagaLetterBytes = 64 * 1024;

    /// <summary>What is kept of the type of such a message, characters.</summary>
    public const int SagaLetterTypeCharacters = 64;

    /// <summary>The longest sentence that a message of a saga may carry, characters.</summary>
    public const int SagaDetailCharacters = 2_000;

    /// <summary>Pages of ended sagas, per state, that a check looks at unless it is a deep one.</summary>
    public const int VerifySagaPages = 24;

    /// <summary>
    /// The newest answers of a shard that a check holds against what is there, and those of a deep one.
    /// </summary>
    public const int VerifyOutcomes = 500, VerifyOutcomesDeep = 50_000;

    /// <summary>
    /// How often a comparison that traffic may have disturbed is made again before its finding counts.
    /// </summary>
    public const int VerifyRounds = 3;

    /// <summary>Sagas, and holds, that one look at a shard takes up.</summary>
    public const int SweepRows = 500;

    /// <summary>Records that one transaction of retention drops.</summary>
    public const int TrimRows = 5_000;

    /// <summary>How long a loop waits for work before it looks again by itself, milliseconds.</summary>
    public const int IdleWaitMs = 500;

    /// <summary>Between two tries to open the log or the views of a node that runs already, milliseconds.</summary>
    public const int OpenRetryMs = 1_000;

    /// <summary>How long a server that starts waits for log and views before it takes commands without them,
    /// milliseconds.</summary>
    public const int OpenPatienceMs = 2_000;

    /// <summary>How far behind the ledger the views may be before <c>/health/fresh</c> answers 503,
    /// milliseconds.</summary>
    public const int ViewsBehindMs = 5_000;

    /// <summary>How long a background loop rests after a pass that failed, milliseconds.</summary>
    public const int LoopFaultRestMs = 500;

    /// <summary>How long one pass of a background loop may take before the part counts as standing still,
    /// milliseconds.</summary>
    public const int LoopStallMs = 30_000;

    /// <summary>The same for passes that go over everything there is: retention, aging, audit blocks after a long
    /// pause.</summary>
    public const int LongPassMs = 600_000;

    /// <summary>After how long the relay compares log and ledger anew where they contradicted each other,
    /// milliseconds.</summary>
    public const int RelayStopMs = 5_000;

    /// <summary>Between two rounds of the retention of the log, milliseconds.</summary>
    public const int RetentionIntervalMs = 60_000;

    /// <summary>How long the log keeps records that everybody has read, days.</summary>
    public const int LogRetentionDays = 7;

    /// <summary>Longest life of a hold, days.</summary>
    public const int HoldDays = 366;

    /// <summary>Recent transactions kept in a customer document.</summary>
    public const int RecentTransactions = 20;

    /// <summary>How long a projection may stand still with work before it is called unhealthy, milliseconds.</summary>
    public const int FrozenWatermarkMs = 5_000;

    /// <summary>How long a drain may take before the program ends all the same, milliseconds.</summary>
    public const int DrainMs = 20_000;

    /// <summary>Events of one audit block.</summary>
    public const int AuditBlockEvents = 4_096;

    /// <summary>How long a committed event waits for its audit block, milliseconds.</summary>
    public const int AuditBlockMs = 1_000;

    /// <summary>Findings after which a check stops: more of them tell nothing more.</summary>
    public const int VerifyFindings = 100;

    /// <summary>Longest text that is read as an IBAN: 34 characters in groups of four, with spaces.</summary>
    public const int IbanCharacters = 42;

    /// <summary>
    /// What the XML parser may take in for one node, characters: a tag with its attributes, a text, a comment.
    /// </summary>
    public const int XmlNodeCharacters = 256 * 1024;

    /// <summary>
    /// Elements of an XML file within each other: a pain.001 has 13, what an extension holds has more.
    /// </summary>
    public const int XmlDepth = 64;

    /// <summary>Attributes of one element of an XML file.</summary>
    public const int XmlAttributes = 32;

    /// <summary>Longest identifier in an ISO 20022 message (Max35Text).</summary>
    public const int IsoIdentifierCharacters = 35;

    /// <summary>Longest line of additional information in a status report (Max105Text).</summary>
    public const int IsoAdditionalInformationCharacters = 105;

    /// <summary>How long an import file may take to arrive and to be read, milliseconds.</summary>
    public const int ImportUploadMs = 600_000;

    /// <summary>Import files that are read into memory at once, before they are accepted; more wait.</summary>
    public const int ImportsReading = 2;

    /// <summary>Import files that are carried out at once; more wait their turn, durably accepted.</summary>
    public const int ImportsRunning = 4;

    /// <summary>Debtor accounts of one import file that are served at once; payments of one debtor run in order.</summary>
    public const int ImportDebtorsInFlight = 64;

    /// <summary>First and longest wait before a payment of an import is tried again after a fault, milliseconds.</summary>
    public const int ImportRetryMs = 50, ImportRetryMaxMs = 5_000;

    /// <summary>How often an import asks after its transfers that are still on their way, milliseconds.</summary>
    public const int ImportPendingPollMs = 1_000;

    /// <summary>Changes kept in the change log of the view tier; a reader further behind must resync.</summary>
    public const int ChangeLogEntries = 1_000_000;

    /// <summary>Connections that read the view store at once; more open and close.</summary>
    public const int ViewReaders = 16;

    /// <summary>Documents of one page that the program asks of the view store.</summary>
    public const int ViewQueryDocuments = 10_000;

    /// <summary>Largest document that MongoDB stores, bytes.</summary>
    public const int ViewDocumentBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Largest customer document, bytes of JSON: in MongoDB it has at most twice as many, which is less than
    /// <see cref="ViewDocumentBytes"/>. The events of a customer whose document would be larger wait as dead letters.
    /// </summary>
    public const int CustomerDocumentBytes = 6 * 1024 * 1024;

    /// <summary>Damaged documents of the views that a process remembers by name.</summary>
    public const int DamagedDocuments = 1_000;

    /// <summary>Documents that one bulk write to MongoDB carries.</summary>
    public const int ViewBulkWrites = 5_000;

    /// <summary>How long a call waits for a MongoDB server that can answer, and for a line to it, milliseconds.</summary>
    public const int ViewConnectMs = 5_000;

    /// <summary>How long a line to MongoDB may be silent within a call, milliseconds.</summary>
    public const int ViewSocketMs = 10_000;

    /// <summary>How long MongoDB may work on one read, milliseconds.</summary>
    public const int ViewReadMs = 5_000;

    /// <summary>How long a majority may take to acknowledge a write before it is asked again, milliseconds.</summary>
    public const int ViewMajorityMs = 5_000;

    /// <summary>How long a write to MongoDB is repeated until a majority has it, milliseconds: longer than an election takes.</summary>
    public const int ViewWriteMs = 15_000;

    /// <summary>Between two attempts of a write to MongoDB, milliseconds.</summary>
    public const int ViewRetryMs = 100;

    /// <summary>How far behind the primary a server may be that answers eventual reads, seconds: the least that MongoDB lets one ask for.</summary>
    public const int NearestStalenessSeconds = 90;

    /// <summary>Change streams that stay open between two calls; a consumer beyond them opens its own anew.</summary>
    public const int ViewChangeStreams = 16;

    /// <summary>How often the engine looks how far the oplog reaches behind the consumers of changes, milliseconds.</summary>
    public const int OplogCheckMs = 60_000;

    /// <summary>Less oplog than this behind a consumer is an alarm, minutes.</summary>
    public const int OplogWindowMinutes = 60;

    /// <summary>How often a follower of changes that has nothing to do is given a newer token to keep, milliseconds.</summary>
    public const int ChangeTokenRefreshMs = 60_000;

    /// <summary>Customer documents that the projector keeps parsed.</summary>
    public const int ProjectionCacheDocuments = 16_384;

    /// <summary>Days that <c>last_30_days</c> covers: today (UTC) and those before it.</summary>
    public const int ActivityDays = 30;

    /// <summary>Documents rewritten by one step of the aging pass.</summary>
    public const int AgingDocuments = 500;

    /// <summary>How often the aging pass looks for documents whose oldest day left the window, milliseconds.</summary>
    public const int AgingIntervalMs = 60_000;

    /// <summary>How long the projector waits for news before it looks again, milliseconds.</summary>
    public const int ProjectionPollMs = 50;

    /// <summary>How long the projector rests after a fault of the storage or the log, milliseconds.</summary>
    public const int ProjectionFaultRestMs = 500;

    /// <summary>How often a projection batch is folded anew because somebody else wrote its documents.</summary>
    public const int ProjectionGuardRetries = 8;

    /// <summary>Events the rebuilt views may be behind before the live projector is paused for the switch.</summary>
    public const int RebuildCatchUpEvents = 5_000;

    /// <summary>Accounts of one customer that a strong read lists, per shard.</summary>
    public const int CustomerAccounts = 10_000;

    /// <summary>Longest text to search for.</summary>
    public const int SearchCharacters = 200;

    /// <summary>Longest cursor or consistency token.</summary>
    public const int TokenCharacters = 4_096;

    /// <summary>Customers whose documents an ordinary verification folds anew; a deep one takes all.</summary>
    public const int VerifySampleCustomers = 1_000;

    /// <summary>Customers that a deep verification folds at once, with one walk over the events of each shard.</summary>
    public const int VerifyGroupCustomers = 10_000;

    /// <summary>How long a list that only the views can answer waits for them before it fails, milliseconds.</summary>
    public const int ListWaitMs = 2_000;

    /// <summary>How long the answer of a write probe holds, milliseconds: readiness may be asked often.</summary>
    public const int WriteProbeMs = 1_000;

    /// <summary>How long a write probe may take before the shard counts as stuck, milliseconds.</summary>
    public const int WriteProbeTimeoutMs = 2_000;

    /// <summary>Keys of dead letters that one call replays; the answer says where to go on.</summary>
    public const int ReplayKeys = 100;

    /// <summary>Batches of the log, evenly chosen, whose content an ordinary verification compares; a deep one compares all.</summary>
    public const int VerifyLogBatches = 100;

    /// <summary>How long a cached document lives, milliseconds: the most by which a cache that lost an invalidation can make an eventual read older.</summary>
    public const int CacheEntryMs = 10_000;

    /// <summary>How long who finds nothing in the cache may take to fill it, milliseconds.</summary>
    public const int CacheLeaseMs = 1_000;

    /// <summary>How long a read or a fill waits for the cache, milliseconds; the views answer sooner than a cache that is slower.</summary>
    public const int CacheReadMs = 5;

    /// <summary>How long an invalidation waits for the cache, milliseconds.</summary>
    public const int CacheInvalidationMs = 1_000;

    /// <summary>Invalidations under way at once: reads wait behind them.</summary>
    public const int CacheInvalidationsInFlight = 100;

    /// <summary>Failures of the cache, one after the other, after which reads stay away from it.</summary>
    public const int CacheFailures = 10;

    /// <summary>How long reads stay away from a cache that fails before one of them tries it again, milliseconds.</summary>
    public const int CacheAwayMs = 1_000;

    /// <summary>How long a start waits for a connection to the cache, milliseconds; without one it goes on and connects later.</summary>
    public const int CacheConnectMs = 1_000;

    /// <summary>Largest cached value, bytes; a larger one is read from the views each time.</summary>
    public const int CacheValueBytes = 256 * 1024;

    /// <summary>Entries of a cache in memory.</summary>
    public const int MemoryCacheEntries = 65_536;

    /// <summary>Size of a cache in memory, bytes.</summary>
    public const int MemoryCacheBytes = 64 * 1024 * 1024;

    /// <summary>How long an append, or an entry of the log's state, waits for Kafka to confirm it, milliseconds.</summary>
    public const int KafkaAppendMs = 10_000;

    /// <summary>How long a call asks a Kafka that does not answer, or cannot yet, milliseconds.</summary>
    public const int KafkaCallMs = 10_000;

    /// <summary>How long one request to a broker may take before its connection counts as dead, milliseconds: a broker that stands still holds up whoever asked it for so long, and up to a second more.</summary>
    public const int KafkaRequestMs = 1_000;

    /// <summary>How long a log that is closed goes on to keep how far it is known, milliseconds: what is not kept is read again at the next open.</summary>
    public const int KafkaCloseMs = 3_000;

    /// <summary>How long the offset of a group waits for a coordinator to send it to, milliseconds.</summary>
    public const int KafkaGroupMs = 6_000;

    /// <summary>Questions about offsets that are asked at once; more wait their turn.</summary>
    public const int KafkaOffsetCalls = 4;

    /// <summary>Rest before a request to Kafka is repeated, and longest rest before a broker is connected to again, milliseconds.</summary>
    public const int KafkaRetryMs = 100, KafkaReconnectMs = 1_000;

    /// <summary>How long it is believed who leads a partition, or keeps a group's offsets, before it is asked anew, milliseconds.</summary>
    public const int KafkaLeaderAgeMs = 500;

    /// <summary>Between two warnings of one client of Kafka, milliseconds.</summary>
    public const int KafkaComplaintMs = 10_000;

    /// <summary>How long a partition may end before what was read of it, milliseconds: a leader that was just elected shows all of its records a moment later, or never.</summary>
    public const int KafkaElectionMs = 5_000;

    /// <summary>How long the producer gathers records before it sends them, milliseconds: an append hands over all of its own at once.</summary>
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

    /// <summary>Records and bytes that a consumer fetches ahead, and how long it rests when it has them, milliseconds.</summary>
    public const int KafkaPrefetchRecords = 2 * EventBatch, KafkaPrefetchBytes = 16 * 1024 * 1024, KafkaFetchBackoffMs = 10;

    /// <summary>How long brokers hold a fetch that finds nothing, milliseconds: for those who follow the end, and for those who read a stretch. It delays only what is assigned meanwhile.</summary>
    public const int KafkaTailFetchWaitMs = 100, KafkaBulkFetchWaitMs = 10;

    /// <summary>Newest records of a followed partition that are kept in memory, bytes.</summary>
    public const int KafkaTailBytes = 4 * 1024 * 1024;

    /// <summary>How long a read waits for a record that is confirmed but not yet fetched, before it asks for it apart, milliseconds.</summary>
    public const int KafkaTailWaitMs = 250;

    /// <summary>After how long without a reader a partition is no longer followed, milliseconds.</summary>
    public const int KafkaTailIdleMs = 30_000;

    /// <summary>Records after which, and milliseconds after which, the history of a partition is kept anew; and how often that is looked at, milliseconds. An open reads what came since.</summary>
    public const int KafkaKeepRecords = 5_000, KafkaKeepMs = 60_000, KafkaKeepLookMs = 1_000;

    /// <summary>Between two looks whether the topics are still there, milliseconds.</summary>
    public const int KafkaTopicLookMs = 5_000;

    /// <summary>Segments of the topic on which the log keeps its state, bytes: a small one is compacted soon, and an open reads little.</summary>
    public const int KafkaStateSegmentBytes = 16 * 1024 * 1024;

    /// <summary>Runs of messages of one partition that are passed over (repeats, other clients' messages) before it is
    /// stopped: 40 bytes of memory each.</summary>
    public const int KafkaHiddenRuns = 1_000_000;

    /// <summary>Runs of messages passed over with which the history of a partition is still kept on the state topic;
    /// beyond, an open reads more.</summary>
    public const int KafkaKeptRuns = 20_000;
}
