using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>Account to cash.</summary>
public sealed record Withdraw(Guid TransactionId, Guid AccountId, Money Amount, string? Reference) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override void Collect(BatchKeys keys) => throw new NotImplementedException();

    internal override Reply Decide(Batch batch) => throw new NotImplementedException();
}
