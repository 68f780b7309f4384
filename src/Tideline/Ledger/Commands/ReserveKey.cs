using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>
/// Reserves a key on its home shard for an effect on another shard, with the id that the effect will have. It is
/// durable before the effect is submitted, so the home shard knows every use of the key.
/// </summary>
internal sealed record ReserveKey(Guid ReservedSubject) : LedgerCommand
{
    public override Guid RouteId => Key;

    /// <summary>The reservation of a command's key.</summary>
    public static ReserveKey For(LedgerCommand command) =>
        new(command.Subject) { Key = command.Key, Fingerprint = command.Fingerprint };

    internal override Guid Subject => ReservedSubject;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        // The key itself is collected for every command.
    }

    internal override Reply Decide(Batch batch) =>
        new(null, ReservedSubject, 0, new Position(batch.Context.Shard, 0), OutcomeKind.Reserved);
}
