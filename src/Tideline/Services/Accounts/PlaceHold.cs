using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Services.Accounts;

/// <summary>
/// Holds money until it is captured, released or expires. The expiry is in the future, at most
/// <see cref="AccountLimits.HoldDays"/> ahead.
/// </summary>
public sealed record PlaceHold(Guid HoldId, Guid AccountId, Money Amount, long ExpiresUs, string? Reference)
    : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override Guid Subject => HoldId;

    internal override LedgerCommand About(Guid subject) => this with { HoldId = subject };

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Accounts.Add(AccountId);
        keys.Accounts.Add(context.SystemAccount(AccountKind.Settlement, Amount.Currency));
        keys.Holds.Add(HoldId);
    }

    internal override Reply Decide(Batch batch)
    {
        var account = batch.Account(AccountId);
        if ((AccountRules.Amount(Amount) ?? HoldRules.Expiry(ExpiresUs, batch.TimeUs) ?? AccountRules.Usable(
            account, AccountId, Amount.Currency) ?? AccountRules.Funds(account!, Amount)) is { } refused)
            return batch.Refuse(refused.Reason, refused.Detail);
        if (batch.Rows.Holds.ContainsKey(HoldId))
            return batch.Refuse(RefusalReason.DuplicateId, $"Hold {HoldId} already exists.");
        var settlement = batch.SystemAccount(AccountKind.Settlement, Amount.Currency);
        account!.PendingOutMinor += Amount.Minor;
        settlement.PendingInMinor += Amount.Minor;
        batch.Changed(settlement);
        batch.Put(new HoldRow(HoldId, AccountId, Amount.Minor, 0, HoldStatus.Open, ExpiresUs, Reference, batch.TimeUs));
        batch.Emit(
            EventType.BalanceUpdated, account,
            new AccountEvent("hold", Reference: Reference, HoldId: HoldId, HeldChangeMinor: Amount.Minor));
        return batch.Done(HoldId, account.PostedMinor);
    }
}
