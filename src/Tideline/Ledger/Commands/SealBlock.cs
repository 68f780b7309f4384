namespace Tideline.Ledger.Commands;

/// <summary>Writes an audit block. The sealer is the only one who sends it, so the block follows the newest there is.</summary>
internal sealed record SealBlock(AuditBlockRow Block) : LedgerCommand
{
    public override Guid RouteId => Guid.Empty;

    internal override Guid Subject => Guid.Empty;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        // A block looks at no row.
    }

    internal override Reply Decide(Batch batch)
    {
        batch.Writes.Blocks.Add(Block);
        return batch.Done(Guid.Empty, 0);
    }
}
