using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>Opens an account. The customer's existence and the IBAN's claim are the caller's to settle first (<see cref="Ledger"/> does).</summary>
public sealed record OpenAccount(Guid AccountId, Guid CustomerId, Currency Currency, long OverdraftLimitMinor, string? Iban) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override void Collect(BatchKeys keys) => throw new NotImplementedException();

    internal override Reply Decide(Batch batch) => throw new NotImplementedException();
}
