namespace Tideline.Ledger.Commands;

/// <summary>
/// Writes an audit block. A block that does not follow the newest one, because it was already written, changes nothing.
/// </summary>
internal sealed record SealBlock(AuditBlockRow Block) : LedgerCommand
{
    public override Guid RouteId => Guid.Empty;

    internal override Guid Subject => Guid.Empty;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        // A block reads no row.
    }

    internal override Reply Decide(Batch batch)
    {
        if (Block.Number == batch.BlockNumber + 1 && Block.PreviousHash.AsSpan().SequenceEqual(batch.BlockHash))
            batch.Seal(Block);
        return batch.Done(Guid.Empty, 0);
    }
}
