using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>
/// Claims a name for something that is about to be created, on the name's own shard: see <see cref="NameClaims"/>.
/// </summary>
/// <param name="Claim">The claim to make.</param>
/// <param name="Abandoned">The claim that it takes over, whose subject can no longer be created; empty if there is
/// none.</param>
/// <param name="Taken">The refusal if the name belongs to another subject, in the claimer's words.</param>
internal sealed record ClaimName(ClaimRow Claim, Guid Abandoned, Refusal Taken) : LedgerCommand
{
    public override Guid RouteId => Claim.Key.RouteId;

    internal override Guid Subject => Claim.Subject;

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Claims.Add(Claim.Key);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Rows.Claims.TryGetValue(Claim.Key, out var held))
        {
            if (held.ClaimId == Claim.ClaimId) return batch.Done(held.Subject, 0);
            if (held.ClaimId != Abandoned) return batch.Refuse(Taken.Reason, Taken.Detail);
        }

        batch.Put(Claim);
        return batch.Done(Claim.Subject, 0);
    }
}
