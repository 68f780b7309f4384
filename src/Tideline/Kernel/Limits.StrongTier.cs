namespace Tideline.Kernel;

/// <content>Limits of the strong tier on a server: ownership, connections, failover.</content>
public static partial class Limits
{
    /// <summary>
    /// How long a shard stays its owner's after that was heard of last, milliseconds. A shard of a process that is gone
    /// or stands still is free then.
    /// </summary>
    public const int LeaseMs = 2_000;

    /// <summary>
    /// How long all that saw a shard before have to say how far it was, while it is acquired, milliseconds: well within
    /// the lease.
    /// </summary>
    public const int WitnessMs = 1_000;

    /// <summary>How often an owner that has nothing to commit renews its lease, milliseconds.</summary>
    public const int LeaseRenewMs = 500;

    /// <summary>
    /// How much longer than to a process that prefers it a shard must be free to one that does not, milliseconds.
    /// </summary>
    public const int OrphanMs = 500;

    /// <summary>How often a process that stands by looks whether a shard is free, milliseconds.</summary>
    public const int OwnershipPollMs = 250;

    /// <summary>How long opening a connection to the strong tier's server may take, seconds.</summary>
    public const int StrongConnectSeconds = 2;

    /// <summary>
    /// How long a batch waits for its server to answer before that connection is given up and the batch's fate is
    /// looked up on another one, seconds.
    /// </summary>
    public const int StrongSilenceSeconds = 2;

    /// <summary>How long a strong read, or a change of tables, may take, seconds.</summary>
    public const int StrongReadSeconds = 300;

    /// <summary>How long a strong read of some rows may take before its server counts as lost, seconds.</summary>
    public const int StrongRowsSeconds = 5;

    /// <summary>
    /// How long a strong read waits until what it saw is on the disk, milliseconds; then the disk counts as hanging.
    /// </summary>
    public const int FlushWaitMs = 3_500;

    /// <summary>How long a statement of a batch waits for a row that somebody else has locked, seconds.</summary>
    public const int StrongLockWaitSeconds = 1;

    /// <summary>How often a batch that met a deadlock or a lock is begun again.</summary>
    public const int StrongContentionRetries = 5;

    /// <summary>
    /// Accounts of a shard whose rows its owner keeps as it wrote them: about 250 bytes of memory each.
    /// </summary>
    public const int KnownAccounts = 65_536;

    /// <summary>
    /// Unfinished sagas of a shard whose rows its owner keeps as it wrote them: about 1 KiB of memory each.
    /// </summary>
    public const int KnownAggregates = 8_192;

    /// <summary>
    /// How long a batch waits for a server that is gone before its commands are refused, milliseconds.
    /// </summary>
    public const int StrongWaitMs = 5_000;

    /// <summary>
    /// How long the fate of a batch whose COMMIT was not answered is looked for, milliseconds; then the shard ends, and
    /// repeats with the same keys find out.
    /// </summary>
    public const int CommitFateMs = 30_000;

    /// <summary>Between two tries to reach a server that is gone, milliseconds.</summary>
    public const int StrongRetryMs = 100;

    /// <summary>How often the manifest of the data folder is written while heads move, milliseconds.</summary>
    public const int ManifestMs = 1_000;

    /// <summary>
    /// How long the shards stand still for the cut of a backup, milliseconds; one that takes longer is given up, and
    /// the shards go on.
    /// </summary>
    public const int BackupCutMs = 2_000;

    /// <summary>Pages that a backup copies in one step.</summary>
    public const int BackupStepPages = 256;

    /// <summary>Longest path of a folder that a request names.</summary>
    public const int PathCharacters = 1_024;

    /// <summary>Longest reason for beginning an installation epoch.</summary>
    public const int EpochReasonCharacters = 200;

    /// <summary>Members of a MySQL group.</summary>
    public const int GroupMembers = 9;

    /// <summary>
    /// How long a member may take to say whether it is the primary, to whoever looks for it, milliseconds.
    /// </summary>
    public const int FinderMs = 700;

    /// <summary>
    /// From the beginning of one round of the failover controller to the next, milliseconds, unless a round takes
    /// longer.
    /// </summary>
    public const int FailoverIntervalMs = 250;

    /// <summary>How long a member may take to answer the controller, milliseconds.</summary>
    public const int FailoverProbeMs = 350;

    /// <summary>Between two looks at something that a failover waits for, milliseconds.</summary>
    public const int FailoverPollMs = 50;

    /// <summary>
    /// How long a primary must not have answered to be replaced, milliseconds. Below the second after which a replica
    /// gives up a silent line: told before that it lets go at that moment, told later it first waits a second for
    /// another line.
    /// </summary>
    public const int FailoverDetectMs = 900;

    /// <summary>How long a controller that stands still keeps its lock on a member, seconds.</summary>
    public const int FailoverSilenceSeconds = 5;

    /// <summary>
    /// How long one step of a failover may take on one member, milliseconds; then the failover is begun anew.
    /// </summary>
    public const int FailoverStepMs = 3_000;

    /// <summary>
    /// How long it may take to take the writes from an old primary that came back, milliseconds; then it is tried
    /// again.
    /// </summary>
    public const int DemotionMs = 10_000;

    /// <summary>Connections that read one shard of a server at once; more wait.</summary>
    public const int StrongReaders = 16;
}
