using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Peers;

/// <summary>
/// Sends commands for a shard to the process that owns it, to its <see cref="CommandReceiver"/>, and returns its
/// answer. The owner's secret is sent with them, and only to the owner.
/// </summary>
/// <exception cref="TidelineException">NotOwner: they were not sent, or were refused because the owner has changed. Any
/// other fault: it is unknown whether they were executed.</exception>
public delegate Task<ReadOnlyMemory<byte>> CommandTransport(
    ShardOwner owner, int shard, ReadOnlyMemory<byte> commands, CancellationToken cancel);
