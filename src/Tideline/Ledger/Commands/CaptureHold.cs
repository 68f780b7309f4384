using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>Takes held money: <paramref name="Amount"/>, or all that is left when null. <paramref name="Final"/> gives the rest back.</summary>
public sealed record CaptureHold(Guid TransactionId, Guid HoldId, Guid AccountId, Money? Amount, bool Final) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override void Collect(BatchKeys keys) => throw new NotImplementedException();

    internal override Reply Decide(Batch batch) => throw new NotImplementedException();
}
