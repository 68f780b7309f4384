namespace Tideline.Kernel;

/// <content>Limits of the strong tier on a database server: ownership, connections, failover.</content>
public static partial class Limits
{
    /// <summary>
    /// How long a process keeps a shard without renewing its lease, milliseconds. Then the shard of a process that has
    /// ended or hangs is free.
    /// </summary>
    public const int LeaseMs = 2_000;

    /// <summary>
    /// While a shard is acquired: how long the processes that observed it have to report its last position,
    /// milliseconds. Well within the lease.
    /// </summary>
    public const int WitnessMs = 1_000;

    /// <summary>How often an idle owner renews its lease, milliseconds.</summary>
    public const int LeaseRenewMs = 500;

    /// <summary>
    /// How much longer a shard must be free before a process acquires it that does not prefer it, milliseconds.
    /// </summary>
    public const int OrphanMs = 500;

    /// <summary>How often a standby process checks whether a shard is free, milliseconds.</summary>
    public const int OwnershipPollMs = 250;

    /// <summary>How long opening a connection to the strong tier's server may take, seconds.</summary>
    public const int StrongConnectSeconds = 2;

    /// <summary>
    /// How long a batch waits for an answer of its server, seconds. Then the connection is closed, and the batch's
    /// outcome is looked up on another connection.
    /// </summary>
    public const int StrongSilenceSeconds = 2;

    /// <summary>How long a strong read, or a change of tables, may take, seconds.</summary>
    public const int StrongReadSeconds = 300;

    /// <summary>How long a strong read of a few rows may take before its server counts as lost, seconds.</summary>
    public const int StrongRowsSeconds = 5;

    /// <summary>
    /// How long a strong read waits until the data that it read is on disk, milliseconds. After that the disk counts as
    /// hanging.
    /// </summary>
    public const int FlushWaitMs = 3_500;

    /// <summary>How long a statement of a batch waits for a row that another transaction has locked, seconds.</summary>
    public const int StrongLockWaitSeconds = 1;

    /// <summary>How often a batch is restarted after a deadlock or a lock timeout.</summary>
    public const int StrongContentionRetries = 5;

    /// <summary>
    /// Accounts of a shard whose rows its owner caches as last written: about 250 bytes of memory each.
    /// </summary>
    public const int KnownAccounts = 65_536;

    /// <summary>
    /// Unfinished sagas of a shard whose rows its owner caches as last written: about 1 KiB of memory each.
    /// </summary>
    public const int KnownAggregates = 8_192;

    /// <summary>
    /// How long a batch waits for an unreachable server before its commands are refused, milliseconds.
    /// </summary>
    public const int StrongWaitMs = 5_000;

    /// <summary>
    /// How long the outcome of a batch is looked up when its COMMIT was not answered, milliseconds. Then the shard
    /// stops, and repeats with the same keys return the outcome.
    /// </summary>
    public const int CommitFateMs = 30_000;

    /// <summary>The rest between two attempts to reach an unreachable server, milliseconds.</summary>
    public const int StrongRetryMs = 100;

    /// <summary>How often the manifest of the data folder is written while heads move, milliseconds.</summary>
    public const int ManifestMs = 1_000;

    /// <summary>
    /// How long the cut of a backup may pause the shards, milliseconds. A cut that takes longer is abandoned, and the
    /// shards continue.
    /// </summary>
    public const int BackupCutMs = 2_000;

    /// <summary>Pages that a backup copies in one step.</summary>
    public const int BackupStepPages = 256;

    /// <summary>Longest folder path in a request.</summary>
    public const int PathCharacters = 1_024;

    /// <summary>Longest reason for a new installation epoch.</summary>
    public const int EpochReasonCharacters = 200;

    /// <summary>Members of a MySQL group.</summary>
    public const int GroupMembers = 9;

    /// <summary>How long a member may take to tell a client whether it is the primary, milliseconds.</summary>
    public const int FinderMs = 700;

    /// <summary>
    /// The interval between the starts of two rounds of the failover controller, milliseconds; longer if a round takes
    /// longer.
    /// </summary>
    public const int FailoverIntervalMs = 250;

    /// <summary>How long a member may take to answer the controller, milliseconds.</summary>
    public const int FailoverProbeMs = 350;

    /// <summary>The rest between two polls of something that a failover waits for, milliseconds.</summary>
    public const int FailoverPollMs = 50;

    /// <summary>
    /// How long a primary must be silent before it is replaced, milliseconds. This is less than the 1 s after which a
    /// replica drops a silent connection: a replica told within that second disconnects at once; one told later spends
    /// another second reconnecting first.
    /// </summary>
    public const int FailoverDetectMs = 900;

    /// <summary>How long a hanging controller keeps its lock on a member, seconds.</summary>
    public const int FailoverSilenceSeconds = 5;

    /// <summary>
    /// How long one step of a failover may take on one member, milliseconds; then the failover starts over.
    /// </summary>
    public const int FailoverStepMs = 3_000;

    /// <summary>How long demoting a returned old primary may take, milliseconds; then it is retried.</summary>
    public const int DemotionMs = 10_000;

    /// <summary>Concurrent read connections per shard on a server; more readers wait.</summary>
    public const int StrongReaders = 16;
}
