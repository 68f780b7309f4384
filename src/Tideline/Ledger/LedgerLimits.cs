namespace Tideline.Ledger;

/// <summary>Limits of the ledger: transactions, shards and their ownership. A name ends with its unit.</summary>
public static class LedgerLimits
{
    /// <summary>
    /// How far the newest commit of a shard may lie ahead of its owner's clock before commands are refused,
    /// milliseconds.
    /// </summary>
    internal const int ClockBehindMs = 5_000;

    /// <summary>The largest age of the newest event, by the clock of a process that starts, days.</summary>
    public const int ClockIdleDays = 366;

    /// <summary>Longest address at which other processes reach this one.</summary>
    public const int PeerAddressCharacters = 255;

    /// <summary>Legs of one transaction.</summary>
    internal const int TransactionLegs = 100;

    /// <summary>How far a value date may be from the booking date, in days either way.</summary>
    internal const int ValueDateDays = 366;

    /// <summary>Longest code of a transaction (ISO 20022 Max35Text).</summary>
    internal const int TransactionCodeCharacters = 35;

    /// <summary>Longest external reference of a transaction.</summary>
    internal const int ExternalReferenceCharacters = 140;

    /// <summary>Metadata fields of a transaction, and the longest name and value.</summary>
    internal const int MetadataFields = 16, MetadataNameCharacters = 40, MetadataValueCharacters = 250;

    /// <summary>Personal parts of one event, and the size of one, bytes.</summary>
    internal const int PersonalParts = 4, PersonalPartBytes = 32_768;

    /// <summary>
    /// How long a process keeps a shard without renewing its lease, milliseconds. Then the shard of a process that has
    /// ended or hangs is free.
    /// </summary>
    internal const int LeaseMs = 2_000;

    /// <summary>
    /// While a shard is acquired: how long the processes that observed it have to report its last position,
    /// milliseconds. Well within the lease.
    /// </summary>
    internal const int WitnessMs = 1_000;

    /// <summary>How often an idle owner renews its lease, milliseconds.</summary>
    internal const int LeaseRenewMs = 500;

    /// <summary>
    /// How much longer a shard must be free before a process acquires it that does not prefer it, milliseconds.
    /// </summary>
    internal const int OrphanMs = 500;

    /// <summary>How often a standby process checks whether a shard is free, milliseconds.</summary>
    internal const int OwnershipPollMs = 250;

    /// <summary>How often a batch is restarted after a deadlock or a lock timeout.</summary>
    internal const int StrongContentionRetries = 5;

    /// <summary>How often the manifest of the data folder is written while heads move, milliseconds.</summary>
    internal const int ManifestMs = 1_000;

    /// <summary>
    /// How long the cut of a backup may pause the shards, milliseconds. A cut that takes longer is abandoned, and the
    /// shards continue.
    /// </summary>
    internal const int BackupCutMs = 2_000;

    /// <summary>Longest reason for a new installation epoch.</summary>
    internal const int EpochReasonCharacters = 200;

    /// <summary>Largest balance either way, minor units; a movement beyond it is refused.</summary>
    internal const long BalanceMinor = 4_000_000_000_000_000_000;

    /// <summary>Longest kind of an aggregate, and longest word for its state.</summary>
    internal const int AggregateKindCharacters = 64, AggregateStateCharacters = 32;

    /// <summary>Longest name of a claim space, and longest claimed name.</summary>
    internal const int ClaimSpaceCharacters = 32, ClaimNameCharacters = 200;

    /// <summary>Commands that may wait for one shard; beyond this they are refused as overload.</summary>
    public const int ShardQueueDepth = 16_384;

    /// <summary>Commands in one group commit.</summary>
    internal const int ShardBatchCommands = 1_024;

    /// <summary>
    /// How long a shard may keep a command before its caller is answered regardless, and how often that is checked,
    /// milliseconds.
    /// </summary>
    internal const int ShardAnswerMs = 3_500, ShardAnswerLookMs = 100;

    /// <summary>How long a batch may collect commands where COMMIT waits for a disk, milliseconds.</summary>
    internal const double GatherMs = 2;

    /// <summary>
    /// Batches of a shard that are committed but not yet durable. With one, the commands that arrive during the flush
    /// form the next batch.
    /// </summary>
    internal const int UnsettledBatches = 1;

    /// <summary>How often a request tries to claim a name while other requests claim it.</summary>
    internal const int ClaimAttempts = 16;

    /// <summary>Commands of a batch that one thread answers in sequence.</summary>
    internal const int AnswersPerWorkItem = 32;
}
