namespace Tideline.Kernel;

/// <summary>All limits of the program, by name. A name ends with its unit.</summary>
public static partial class Limits
{
    /// <summary>Largest movement, minor units: far below overflow, far above any payment.</summary>
    public const long AmountMinor = 1_000_000_000_000_000;

    /// <summary>Longest text of an amount.</summary>
    public const int AmountCharacters = 24;

    /// <summary>Largest balance either way, minor units; a movement beyond it is refused.</summary>
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

    /// <summary>Longest name of a claim space, and longest claimed name.</summary>
    public const int ClaimSpaceCharacters = 32, ClaimNameCharacters = 200;

    /// <summary>Most states that one list of aggregates can select.</summary>
    public const int AggregateStates = 8;

    /// <summary>Most shards of one installation.</summary>
    public const int Shards = 64;

    /// <summary>Commands that may wait for one shard; beyond this they are refused as overload.</summary>
    public const int ShardQueueDepth = 16_384;

    /// <summary>Commands in one group commit.</summary>
    public const int ShardBatchCommands = 1_024;

    /// <summary>
    /// How long a shard may keep a command before its caller is answered regardless, and how often that is checked,
    /// milliseconds.
    /// </summary>
    public const int ShardAnswerMs = 3_500, ShardAnswerLookMs = 100;

    /// <summary>How long a batch may collect commands where COMMIT waits for a disk, milliseconds.</summary>
    public const double GatherMs = 2;

    /// <summary>
    /// How long the relay collects events after it relayed some, if none of them advances a saga, milliseconds.
    /// </summary>
    public const int RelayPaceMs = 5;

    /// <summary>
    /// Batches of a shard that are committed but not yet durable. With one, the commands that arrive during the flush
    /// form the next batch.
    /// </summary>
    public const int UnsettledBatches = 1;

    /// <summary>
    /// Frames (4 KiB) of a write-ahead log at which a checkpoint starts: pages that many batches changed are copied
    /// once.
    /// </summary>
    public const int CheckpointFrames = 8_000;

    /// <summary>How often a checkpoint runs beside the writer before the writer copies the rest itself.</summary>
    public const int CheckpointPasses = 3;

    /// <summary>
    /// Frames of the write-ahead log after which a file whose commits are not flushed is written out: 2 MiB, a few
    /// milliseconds of disk time.
    /// </summary>
    public const int LogWriteOutFrames = 512;

    /// <summary>Frames of the log at which the writer waits for the checkpoint.</summary>
    public const int CheckpointFramesMax = 32_000;

    /// <summary>How often a request tries to claim a name while other requests claim it.</summary>
    public const int ClaimAttempts = 16;

    /// <summary>Commands of a batch that one thread answers in sequence.</summary>
    public const int AnswersPerWorkItem = 32;

    /// <summary>
    /// Outcome keys that a shard keeps in memory before they are written to its index in order; at most two such
    /// generations. A restart reads them back, and a reader scans that many rows for a key that is not in the index.
    /// </summary>
    public const int IndexGenerationRows = 16_384;

    /// <summary>Index rows that small commits collect before one of them writes them.</summary>
    public const int IndexStepRows = 128;

    /// <summary>
    /// Accounts that the balance check covers in one pass over the entries: about 200 bytes of memory each.
    /// </summary>
    public const int BalanceCheckAccounts = 500_000;

    /// <summary>Events in one relay or projection batch.</summary>
    public const int EventBatch = 1_000;

    /// <summary>Rows of one page.</summary>
    public const int PageRows = 200;

    /// <summary>Default rows of a page.</summary>
    public const int DefaultPageRows = 50;

    /// <summary>Largest JSON body, bytes.</summary>
    public const int BodyBytes = 64 * 1024;

    /// <summary>Largest line of an NDJSON batch, bytes.</summary>
    public const int BatchLineBytes = 4 * 1024;

    /// <summary>Lines of one NDJSON batch in flight.</summary>
    public const int BatchInFlight = 1_024;

    /// <summary>Largest import file, bytes.</summary>
    public const int ImportBytes = 64 * 1024 * 1024;

    /// <summary>Payments of one import file.</summary>
    public const int ImportPayments = 100_000;

    /// <summary>
    /// How long a transfer waits for its saga before it answers 202, milliseconds from its arrival: less than
    /// <see cref="CommandAnswerMs"/>.
    /// </summary>
    public const int SagaWaitMs = CommandAnswerMs - 500;

    /// <summary>
    /// How long a session read waits for the view before it falls through to the ledger, milliseconds.
    /// </summary>
    public const int SessionWaitMs = 50;

    /// <summary>The interval between two scans for due timers and expired holds, milliseconds.</summary>
    public const int TimerPollMs = 250;

    /// <summary>How often the sagas that wait for an operator are counted, milliseconds.</summary>
    public const int SagaWatchMs = 2_000;

    /// <summary>Sagas per shard and state that are counted; a larger number is reported as this one.</summary>
    public const int SagaWatchRows = 1_000;

    /// <summary>Attempts at a saga message before it is set aside: once with its batch, then alone.</summary>
    public const int SagaMessageAttempts = 3;

    /// <summary>
    /// What is kept of a saga message that is set aside, bytes: many times the size of any valid message.
    /// </summary>
    public const int SagaLetterBytes = 64 * 1024;

    /// <summary>What is kept of the type of a message that is set aside, characters.</summary>
    public const int SagaLetterTypeCharacters = 64;

    /// <summary>The longest sentence in a saga message, characters.</summary>
    public const int SagaDetailCharacters = 2_000;

    /// <summary>Pages of ended sagas, per state, that an ordinary check reads; a deep check reads all.</summary>
    public const int VerifySagaPages = 24;

    /// <summary>
    /// The newest outcomes of a shard that a check compares with the stored data; the second figure is for a deep
    /// check.
    /// </summary>
    public const int VerifyOutcomes = 500, VerifyOutcomesDeep = 50_000;

    /// <summary>How often a comparison that traffic may have disturbed is repeated before its finding counts.</summary>
    public const int VerifyRounds = 3;

    /// <summary>Sagas, and holds, that one scan of a shard returns.</summary>
    public const int TimerRows = 500;

    /// <summary>Records that one retention transaction deletes.</summary>
    public const int TrimRows = 5_000;

    /// <summary>How long a loop waits for a signal before it polls, milliseconds.</summary>
    public const int IdleWaitMs = 500;

    /// <summary>The rest between two attempts to open the log or the views of a running node, milliseconds.</summary>
    public const int OpenRetryMs = 1_000;

    /// <summary>
    /// How long a starting server waits for log and views before it accepts commands without them, milliseconds.
    /// </summary>
    public const int OpenPatienceMs = 2_000;

    /// <summary>How long a background loop rests after a failed pass, milliseconds.</summary>
    public const int LoopFaultRestMs = 500;

    /// <summary>
    /// How long one pass of a background loop may take before the part counts as stalled, milliseconds.
    /// </summary>
    public const int LoopStallMs = 30_000;

    /// <summary>
    /// As <see cref="LoopStallMs"/>, for passes over all data: retention, aging, audit blocks after a long pause.
    /// </summary>
    public const int LongPassMs = 600_000;

    /// <summary>
    /// The rest before the relay compares log and ledger again after they contradicted each other, milliseconds.
    /// </summary>
    public const int RelayStopMs = 5_000;

    /// <summary>The interval between two rounds of log retention, milliseconds.</summary>
    public const int RetentionIntervalMs = 60_000;

    /// <summary>How long the log keeps records that every consumer has read, days.</summary>
    public const int LogRetentionDays = 7;

    /// <summary>Longest life of a hold, days.</summary>
    public const int HoldDays = 366;

    /// <summary>Recent transactions kept in a customer document.</summary>
    public const int RecentTransactions = 20;

    /// <summary>
    /// How long a projection with pending work may make no progress before it is unhealthy, milliseconds.
    /// </summary>
    public const int FrozenWatermarkMs = 5_000;

    /// <summary>How long a drain may take before the program exits regardless, milliseconds.</summary>
    public const int DrainMs = 20_000;

    /// <summary>Events of one audit block.</summary>
    public const int AuditBlockEvents = 4_096;

    /// <summary>How long a committed event waits for its audit block, milliseconds.</summary>
    public const int AuditBlockMs = 1_000;

    /// <summary>How long a list over all shards waits for one of them, milliseconds.</summary>
    public const int ShardListMs = 2_000;

    /// <summary>
    /// How long a CLI command waits for an answer before it checks whether the node is live, and how long that check
    /// may take, milliseconds.
    /// </summary>
    public const int OpsSilenceMs = 3_000;

    /// <summary>Unanswered liveness checks after which the node counts as hanging.</summary>
    public const int OpsLooks = 2;

    /// <summary>Rows that a check of the ledger compares in one walk over the events.</summary>
    public const int VerifyGroupRows = 250_000;

    /// <summary>Findings after which a check stops: more would add nothing.</summary>
    public const int VerifyFindings = 100;

    /// <summary>Longest text that is parsed as an IBAN: 34 characters in groups of four, with spaces.</summary>
    public const int IbanCharacters = 42;

    /// <summary>
    /// The most characters of one node that the XML parser accepts: a tag with its attributes, a text, a comment.
    /// </summary>
    public const int XmlNodeCharacters = 256 * 1024;

    /// <summary>Nesting depth of an XML file: a pain.001 has 13 levels; extensions have more.</summary>
    public const int XmlDepth = 64;

    /// <summary>Attributes of one element of an XML file.</summary>
    public const int XmlAttributes = 32;

    /// <summary>Longest identifier in an ISO 20022 message (Max35Text).</summary>
    public const int IsoIdentifierCharacters = 35;

    /// <summary>Longest line of additional information in a status report (Max105Text).</summary>
    public const int IsoAdditionalInformationCharacters = 105;

    /// <summary>How long an import file may take to arrive and be parsed, milliseconds.</summary>
    public const int ImportUploadMs = 600_000;

    /// <summary>Import files read into memory concurrently, before they are accepted; more wait.</summary>
    public const int ImportsReading = 2;

    /// <summary>Import files executed concurrently; accepted files wait their turn, durably.</summary>
    public const int ImportsRunning = 4;

    /// <summary>
    /// Debtor accounts of one import file that are processed concurrently; payments of one debtor run in order.
    /// </summary>
    public const int ImportDebtorsInFlight = 64;

    /// <summary>First and longest wait before a payment of an import is retried after a fault, milliseconds.</summary>
    public const int ImportRetryMs = 50, ImportRetryMaxMs = 5_000;

    /// <summary>How often an import polls its unfinished transfers, milliseconds.</summary>
    public const int ImportPendingPollMs = 1_000;

    /// <summary>Accounts of one customer that a strong read lists, per shard.</summary>
    public const int CustomerAccounts = 10_000;

    /// <summary>Longest text to search for.</summary>
    public const int SearchCharacters = 200;

    /// <summary>Longest cursor or consistency token.</summary>
    public const int TokenCharacters = 4_096;

    /// <summary>Customers whose documents an ordinary verification folds again; a deep one folds all.</summary>
    public const int VerifySampleCustomers = 1_000;

    /// <summary>
    /// Documents that a deep verification folds together, with one walk over the events of each shard.
    /// </summary>
    public const int VerifyGroupDocuments = 10_000;

    /// <summary>How long a list that only the views can answer waits for them, milliseconds; then it fails.</summary>
    public const int ListWaitMs = 2_000;

    /// <summary>How long the result of a write probe is reused, milliseconds: readiness may be queried often.</summary>
    public const int WriteProbeMs = 1_000;

    /// <summary>How long a write probe may take before the shard counts as stuck, milliseconds.</summary>
    public const int WriteProbeTimeoutMs = 2_000;

    /// <summary>Keys of dead letters that one call replays; the answer says where to continue.</summary>
    public const int ReplayKeys = 100;

    /// <summary>
    /// Batches of the log, evenly chosen, whose content an ordinary verification compares; a deep one compares all.
    /// </summary>
    public const int VerifyLogBatches = 100;
}
