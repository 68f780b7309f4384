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

    /// <summary>Longest kind of an aggregate, and longest word for its state.</summary>
    public const int AggregateKindCharacters = 64, AggregateStateCharacters = 32;

    /// <summary>Longest space of claimed names, and longest name in one.</summary>
    public const int ClaimSpaceCharacters = 32, ClaimNameCharacters = 200;

    /// <summary>Most states that a list of aggregates asks for.</summary>
    public const int AggregateStates = 8;

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

    /// <summary>
    /// Batches of a shard that are committed and not yet durable. One: what arrives while the disk takes it gathers for
    /// the next.
    /// </summary>
    public const int UnsettledBatches = 1;

    /// <summary>
    /// Frames (4 KiB) of a write-ahead log at which it is copied back: pages that many batches touch are copied once.
    /// </summary>
    public const int CheckpointFrames = 8_000;

    /// <summary>How often the log is copied back beside its writer before the writer copies the rest.</summary>
    public const int CheckpointPasses = 3;

    /// <summary>
    /// Frames of the write-ahead log after which a file whose commits are not flushed has them written out: 2 MiB, a
    /// few milliseconds of the disk.
    /// </summary>
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

    /// <summary>Index rows that small commits gather before one of them writes them.</summary>
    public const int IndexStepRows = 128;

    /// <summary>
    /// Accounts that the check of balances takes in one pass over the entries: about 200 bytes of memory each.
    /// </summary>
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

    /// <summary>
    /// How long a session read waits for the view before it falls through to the ledger, milliseconds.
    /// </summary>
    public const int SessionWaitMs = 50;

    /// <summary>Between two looks for due timers and expired holds, milliseconds.</summary>
    public const int TimerPollMs = 250;

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
    public const int TimerRows = 500;

    /// <summary>Records that one transaction of retention drops.</summary>
    public const int TrimRows = 5_000;

    /// <summary>How long a loop waits for work before it looks again by itself, milliseconds.</summary>
    public const int IdleWaitMs = 500;

    /// <summary>Between two tries to open the log or the views of a node that runs already, milliseconds.</summary>
    public const int OpenRetryMs = 1_000;

    /// <summary>How long a server that starts waits for log and views before it takes commands without them,
    /// milliseconds.</summary>
    public const int OpenPatienceMs = 2_000;

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

    /// <summary>How long a list that goes over all shards waits for one of them, milliseconds.</summary>
    public const int ShardListMs = 2_000;

    /// <summary>
    /// How long a command of the command line waits for an answer before it looks whether the node is live, and how
    /// long that look may take, milliseconds.
    /// </summary>
    public const int OpsSilenceMs = 3_000;

    /// <summary>Looks without an answer after which the node counts as standing still.</summary>
    public const int OpsLooks = 2;

    /// <summary>Rows that a check of the ledger holds against one walk over the events.</summary>
    public const int VerifyGroupRows = 250_000;

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

    /// <summary>
    /// Debtor accounts of one import file that are served at once; payments of one debtor run in order.
    /// </summary>
    public const int ImportDebtorsInFlight = 64;

    /// <summary>
    /// First and longest wait before a payment of an import is tried again after a fault, milliseconds.
    /// </summary>
    public const int ImportRetryMs = 50, ImportRetryMaxMs = 5_000;

    /// <summary>How often an import asks after its transfers that are still on their way, milliseconds.</summary>
    public const int ImportPendingPollMs = 1_000;

    /// <summary>Accounts of one customer that a strong read lists, per shard.</summary>
    public const int CustomerAccounts = 10_000;

    /// <summary>Longest text to search for.</summary>
    public const int SearchCharacters = 200;

    /// <summary>Longest cursor or consistency token.</summary>
    public const int TokenCharacters = 4_096;

    /// <summary>Customers whose documents an ordinary verification folds anew; a deep one takes all.</summary>
    public const int VerifySampleCustomers = 1_000;

    /// <summary>
    /// Documents that a deep verification folds at once, with one walk over the events of each shard.
    /// </summary>
    public const int VerifyGroupDocuments = 10_000;

    /// <summary>How long a list that only the views can answer waits for them before it fails, milliseconds.</summary>
    public const int ListWaitMs = 2_000;

    /// <summary>How long the answer of a write probe holds, milliseconds: readiness may be asked often.</summary>
    public const int WriteProbeMs = 1_000;

    /// <summary>How long a write probe may take before the shard counts as stuck, milliseconds.</summary>
    public const int WriteProbeTimeoutMs = 2_000;

    /// <summary>Keys of dead letters that one call replays; the answer says where to go on.</summary>
    public const int ReplayKeys = 100;

    /// <summary>
    /// Batches of the log, evenly chosen, whose content an ordinary verification compares; a deep one compares all.
    /// </summary>
    public const int VerifyLogBatches = 100;
}
