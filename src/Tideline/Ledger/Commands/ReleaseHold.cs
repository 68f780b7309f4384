namespace Tideline.Ledger.Commands;

/// <summary>Gives held money back; <paramref name="Expired"/> when its time ran out (refused before that).</summary>
public sealed record ReleaseHold(Guid HoldId, Guid AccountId, bool Expired) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override void Collect(BatchKeys keys) => throw new NotImplementedException();

    internal override Reply Decide(Batch batch) => throw new NotImplementedException();
}
