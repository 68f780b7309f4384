using Tideline.Ledger;

namespace Tideline.Peers;

/// <summary>Limits of the messages between the processes of one installation. A name ends with its unit.</summary>
internal static class PeerLimits
{
    /// <summary>
    /// Commands that may wait in one process for the owner of one shard; beyond this they are refused as overload.
    /// </summary>
    internal const int QueueDepth = 16_384;

    /// <summary>Commands in one request to an owner.</summary>
    internal const int BatchCommands = 256;

    /// <summary>
    /// Concurrent requests of one process to the owner of one shard; commands that arrive meanwhile go with the next
    /// request.
    /// </summary>
    internal const int RequestsInFlight = 4;

    /// <summary>
    /// How long an owner may take to answer, milliseconds. By then, a hanging owner has been observed to lose its
    /// shards.
    /// </summary>
    internal const int AnswerMs = LedgerLimits.LeaseMs + 2 * LedgerLimits.OwnershipPollMs;

    /// <summary>
    /// How long a command waits until its shard has an owner that accepts it, milliseconds: the rest of a lease, a head
    /// start for processes that prefer the shard, and a take-over.
    /// </summary>
    internal const int WaitMs = LedgerLimits.LeaseMs + LedgerLimits.OrphanMs + 1_000;

    /// <summary>The rest between two attempts to forward a command, milliseconds.</summary>
    internal const int RetryMs = 50;
}
