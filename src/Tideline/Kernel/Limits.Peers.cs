namespace Tideline.Kernel;

/// <content>Limits of the messages between the processes of one installation.</content>
public static partial class Limits
{
    /// <summary>
    /// Commands that may wait in one process for the owner of one shard; beyond this they are refused as overload.
    /// </summary>
    public const int ForwardQueueDepth = 16_384;

    /// <summary>Commands in one request to an owner.</summary>
    public const int ForwardBatchCommands = 256;

    /// <summary>
    /// Concurrent requests of one process to the owner of one shard; commands that arrive meanwhile go with the next
    /// request.
    /// </summary>
    public const int ForwardsInFlight = 4;

    /// <summary>
    /// The largest request to an owner, and the largest answer, bytes. A command takes less than 8 KiB, most of it
    /// texts.
    /// </summary>
    public const int ForwardBodyBytes = 2 * 1024 * 1024;

    /// <summary>How long a connection to an owner may take to open, milliseconds.</summary>
    public const int ForwardConnectMs = 500;

    /// <summary>
    /// How long an owner may take to answer, milliseconds. By then, a hanging owner has been observed to lose its
    /// shards.
    /// </summary>
    public const int ForwardAnswerMs = LeaseMs + 2 * OwnershipPollMs;

    /// <summary>
    /// How long a command waits until its shard has an owner that accepts it, milliseconds: the rest of a lease, a head
    /// start for processes that prefer the shard, and a take-over.
    /// </summary>
    public const int ForwardWaitMs = LeaseMs + OrphanMs + 1_000;

    /// <summary>The rest between two attempts to forward a command, milliseconds.</summary>
    public const int ForwardRetryMs = 50;

    /// <summary>
    /// How often a request that waits for a saga polls it when another process owns the saga's shard, milliseconds.
    /// </summary>
    public const int SagaLookMs = 50;

    /// <summary>Longest address at which other processes reach this one.</summary>
    public const int PeerAddressCharacters = 255;
}
