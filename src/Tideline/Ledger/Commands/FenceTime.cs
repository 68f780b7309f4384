namespace Tideline.Ledger.Commands;

/// <summary>
/// Moves the head's time to at least <paramref name="TimeUs"/>, durably: no later batch is stamped at or before it,
/// whichever process owns the shard. It changes nothing else. <paramref name="Route"/> is any id of the shard.
/// </summary>
internal sealed record FenceTime(Guid Route, long TimeUs) : LedgerCommand
{
    public override Guid RouteId => Route;

    internal override Guid Subject => Guid.Empty;

    internal override long NotBeforeUs => TimeUs;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        // The time of a batch depends on no row.
    }

    internal override Reply Decide(Batch batch) => batch.Done(Guid.Empty, 0);
}
