using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>
/// When a process may acquire a shard: at once where it prefers the shard, a moment after the lease has run out where
/// it does not. The lease keeps nobody from writing: the writer's number beside it does.
/// </summary>
internal sealed class ShardLease(int shard, ShardOwner self, bool prefers, int leaseMs)
{
    private readonly long _leaseUs = leaseMs * 1_000L;

    /// <summary>
    /// Whether this process, as the owner, keeps the shard from others that prefer it. One that nobody reaches does
    /// not.
    /// </summary>
    public bool Keeps => prefers && self.Address.Length > 0;

    /// <summary>
    /// Where an owner does not prefer the shard and this process does, it says there that it wants it.
    /// </summary>
    /// <exception cref="TidelineException">AlreadyOwned: it is another one's, or one that prefers it comes first.
    /// </exception>
    public void RequireFree(ShardDisk disk, long writer, long nowUs)
    {
        if (disk.Written.Owner is not { } owner || owner.Writer == writer) return;
        var orphanUs = prefers ? 0 : LedgerLimits.OrphanMs * 1_000L;
        if (disk.LeaseUntilUs + orphanUs <= nowUs) return;
        if (Keeps && !owner.Keeps) disk.WantedUs = nowUs;
        throw new TidelineException(ErrorCode.AlreadyOwned, disk.LeaseUntilUs > nowUs
            ? $"Shard {shard} is owned by {owner.Process.Words}, which renewed its lease in the last {leaseMs} ms."
            : $"Shard {shard} has no owner since a moment ago; those who prefer it have it first.");
    }

    /// <summary>The lease begins, and nobody has asked for the shard.</summary>
    public void Begin(ShardDisk disk, long nowUs)
    {
        Extend(disk, nowUs);
        disk.WantedUs = long.MinValue;
    }

    public void Extend(ShardDisk disk, long nowUs) => disk.LeaseUntilUs = nowUs + _leaseUs;

    /// <summary>Whether a process that prefers the shard asked this one for it lately.</summary>
    public bool IsWanted(ShardDisk disk, long nowUs) => !Keeps && disk.WantedUs > nowUs - _leaseUs;
}
