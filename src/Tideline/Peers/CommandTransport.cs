using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Peers;

/// <summary>
/// Carries commands for a shard to the process that owns it, to its <see cref="CommandReceiver"/>, and answers what
/// that answers. The secret of the owner goes with them, and to nobody else.
/// </summary>
/// <exception cref="TidelineException">NotOwner: they were not sent, or not taken because the owner is another one by
/// now. Anything else: whether they were carried out is not known.</exception>
public delegate Task<ReadOnlyMemory<byte>> CommandTransport(
    ShardOwner owner, int shard, ReadOnlyMemory<byte> commands, CancellationToken cancel);
