using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>Claims a name (an IBAN) of the whole installation for an account, on the name's own shard. The same key claims it again without harm.</summary>
internal sealed record ClaimName(string Name, Guid ClaimKey, Guid AccountId) : LedgerCommand
{
    /// <summary>The hash that places a name on a shard.</summary>
    public static Guid RouteOf(string name) => Idempotency.Key("claim", name);

    public override Guid RouteId => RouteOf(Name);

    internal override Guid Subject => AccountId;

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Claims.Add(Name);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Rows.Claims.TryGetValue(Name, out var claim))
            return claim.Key == ClaimKey ? batch.Done(claim.Subject, 0) : batch.Refuse(RefusalReason.IbanTaken, $"{Name} belongs to another account.");
        claim = new ClaimRow(Name, ClaimKey, AccountId);
        batch.Rows.Claims.Add(Name, claim);
        batch.Writes.Claims.Add(claim);
        return batch.Done(AccountId, 0);
    }
}
