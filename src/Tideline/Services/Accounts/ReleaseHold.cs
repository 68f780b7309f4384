using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>Releases held money; <paramref name="Expired"/> if its expiry has passed (refused before that).</summary>
public sealed record ReleaseHold(Guid HoldId, Guid AccountId, Currency Currency, bool Expired) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override Guid Subject => HoldId;

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Accounts.Add(AccountId);
        keys.Accounts.Add(context.SystemAccount(AccountKind.Settlement, Currency));
        keys.Holds.Add(HoldId);
    }

    internal override Reply Decide(Batch batch)
    {
        if (HoldRules.Open(batch, HoldId, AccountId, Currency, out var hold, out var account) is { } refused)
            return batch.Refuse(refused.Reason, refused.Detail);
        if (Expired && hold!.ExpiresUs > batch.TimeUs)
            return batch.Refuse(RefusalReason.HoldNotOpen, $"Hold {HoldId} has not expired.");
        HoldRules.GiveBack(batch, account!, hold!.RemainingMinor);
        batch.Put(hold with { Status = Expired ? HoldStatus.Expired : HoldStatus.Released });
        var kind = Expired ? "expiry" : "release";
        batch.Emit(
            EventType.BalanceUpdated, account!,
            new AccountEvent(
                kind, Reference: hold.Reference, HoldId: HoldId, HeldChangeMinor: -hold.RemainingMinor));
        return batch.Done(HoldId, account!.PostedMinor);
    }
}
