using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>
/// Claims a name for an account that is about to be opened, on the name's own shard: see <see cref="NameClaims"/>.
/// It takes over the claim <paramref name="Abandoned"/>, whose opening can no longer happen; empty where there is none.
/// </summary>
internal sealed record ClaimName(string Name, Guid ClaimId, Guid AccountId, Guid Abandoned) : LedgerCommand
{
    /// <summary>The hash that places a name on a shard.</summary>
    public static Guid RouteOf(string name) => Idempotency.Key("claim", name);

    public override Guid RouteId => RouteOf(Name);

    internal override Guid Subject => AccountId;

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Claims.Add(Name);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Rows.Claims.TryGetValue(Name, out var held))
        {
            if (held.ClaimId == ClaimId) return batch.Done(held.Subject, 0);
            if (held.ClaimId != Abandoned)
                return batch.Refuse(RefusalReason.IbanTaken, $"{NameClaims.TextOf(Name)} belongs to another account.");
        }

        batch.Put(new ClaimRow(Name, ClaimId, AccountId));
        return batch.Done(AccountId, 0);
    }
}
