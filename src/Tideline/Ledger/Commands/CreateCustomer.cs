namespace Tideline.Ledger.Commands;

/// <summary>Makes a customer.</summary>
public sealed record CreateCustomer(Guid CustomerId, string Name, string Email, string Country) : LedgerCommand
{
    public override Guid RouteId => CustomerId;

    internal override void Collect(BatchKeys keys) => throw new NotImplementedException();

    internal override Reply Decide(Batch batch) => throw new NotImplementedException();
}
