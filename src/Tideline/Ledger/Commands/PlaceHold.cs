using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>Holds money back until it is captured, released or expires.</summary>
public sealed record PlaceHold(Guid HoldId, Guid AccountId, Money Amount, long ExpiresUs, string? Reference) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override void Collect(BatchKeys keys) => throw new NotImplementedException();

    internal override Reply Decide(Batch batch) => throw new NotImplementedException();
}
