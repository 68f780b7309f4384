using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Services.Accounts;

/// <summary>
/// Captures held money: <paramref name="AmountMinor"/>, or all of the remainder if null. <paramref name="Final"/>
/// releases the rest; otherwise the rest stays held for further captures. An expired hold cannot be captured, even
/// before the sweep releases it.
/// </summary>
public sealed record CaptureHold(
    Guid TransactionId, Guid HoldId, Guid AccountId, Currency Currency, long? AmountMinor, bool Final) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override Guid Subject => TransactionId;

    internal override LedgerCommand About(Guid subject) => this with { TransactionId = subject };

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
        if (hold!.ExpiresUs <= batch.TimeUs)
            return batch.Refuse(RefusalReason.HoldNotOpen, $"Hold {HoldId} has expired.");
        var amount = new Money(AmountMinor ?? hold.RemainingMinor, Currency);
        if (AccountRules.Amount(amount) is { } invalid)
            return batch.Refuse(invalid.Reason, invalid.Detail);
        if (amount.Minor > hold.RemainingMinor)
            return batch.Refuse(RefusalReason.HoldExceeded,
                $"Hold {HoldId} still holds {new Money(hold.RemainingMinor, Currency)}, less than {amount}.");
        var ends = Final || amount.Minor == hold.RemainingMinor;
        var promised = ends ? hold.RemainingMinor : amount.Minor;
        var posting = new Posting(TransactionId, TransactionKind.Capture)
        {
            Reference = hold.Reference, HoldId = HoldId,
        };
        var settlement = batch.Context.SystemAccount(AccountKind.Settlement, Currency);
        if (batch.Record(
            posting,
            new Leg(AccountId, Currency, -amount.Minor) { PromisedMinor = promised },
            new Leg(settlement, Currency, amount.Minor) { Kind = AccountKind.Settlement, PromisedMinor = promised })
            is { } refusal)
            return batch.Refuse(refusal.Reason, refusal.Detail);
        batch.Put(hold with
        {
            CapturedMinor = hold.CapturedMinor + amount.Minor,
            Status = ends ? HoldStatus.Captured : HoldStatus.Open
        });
        return batch.Done(TransactionId, account!.PostedMinor);
    }
}
