namespace Tideline.Ledger.Commands;

/// <summary>Freezes, opens again or closes an account.</summary>
public sealed record SetAccountStatus(Guid AccountId, AccountStatus Status) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override void Collect(BatchKeys keys) => throw new NotImplementedException();

    internal override Reply Decide(Batch batch) => throw new NotImplementedException();
}
