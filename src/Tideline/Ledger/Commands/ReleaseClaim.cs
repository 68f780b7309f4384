namespace Tideline.Ledger.Commands;

/// <summary>Releases a name whose subject was refused, unless another claim has taken it over.</summary>
internal sealed record ReleaseClaim(ClaimKey Name, Guid ClaimId) : LedgerCommand
{
    public override Guid RouteId => Name.RouteId;

    internal override Guid Subject => ClaimId;

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Claims.Add(Name);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Rows.Claims.TryGetValue(Name, out var held) && held.ClaimId == ClaimId) batch.Release(Name);
        return batch.Done(ClaimId, 0);
    }
}
