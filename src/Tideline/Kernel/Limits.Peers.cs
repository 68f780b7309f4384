namespace Tideline.Kernel;

/// <content>Limits of what the processes of one installation send each other.</content>
public static partial class Limits
{
    /// <summary>Commands that wait in one process for the owner of one shard before it says it is overloaded.</summary>
    public const int ForwardQueueDepth = 16_384;

    /// <summary>Commands of one request to an owner.</summary>
    public const int ForwardBatchCommands = 256;

    /// <summary>
    /// Requests of one process to the owner of one shard at once; what comes meanwhile goes with the next.
    /// </summary>
    public const int ForwardsInFlight = 4;

    /// <summary>
    /// Largest request to an owner, and largest answer, bytes: a command takes less than 8 KiB, of which texts are the
    /// most.
    /// </summary>
    public const int ForwardBodyBytes = 2 * 1024 * 1024;

    /// <summary>How long a connection to an owner may take to open, milliseconds.</summary>
    public const int ForwardConnectMs = 500;

    /// <summary>
    /// How long an owner may take to answer, milliseconds: one that stands still has been seen to lose its shards by
    /// then.
    /// </summary>
    public const int ForwardAnswerMs = LeaseMs + 2 * OwnershipPollMs;

    /// <summary>
    /// How long a command waits for its shard to have an owner that takes it, milliseconds: a lease that ends, a moment
    /// for those who prefer the shard, and a take-over.
    /// </summary>
    public const int ForwardWaitMs = LeaseMs + OrphanMs + 1_000;

    /// <summary>Between two tries to have a command taken, milliseconds.</summary>
    public const int ForwardRetryMs = 50;

    /// <summary>
    /// How often who waits for a saga of a shard that another process owns looks at it, milliseconds.
    /// </summary>
    public const int SagaLookMs = 50;

    /// <summary>Longest address at which others reach a process.</summary>
    public const int PeerAddressCharacters = 255;
}
