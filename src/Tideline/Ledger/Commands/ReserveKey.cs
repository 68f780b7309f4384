using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>
/// Takes a key on its home shard for an effect on another one, with the id that the effect will have. Without it the same key with another body could
/// slip through on another shard.
/// </summary>
internal sealed record ReserveKey(Guid ReservedSubject) : LedgerCommand
{
    public override Guid RouteId => Key;

    internal override Guid Subject => ReservedSubject;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        // The key itself is collected for every command.
    }

    internal override Reply Decide(Batch batch) => new(null, ReservedSubject, 0, new Position(batch.Context.Shard, 0), OutcomeKind.Reserved);
}
