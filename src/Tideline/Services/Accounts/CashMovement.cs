using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Services.Accounts;

/// <summary>A movement between an account and the cash account of its shard.</summary>
public abstract record CashMovement(Guid TransactionId, Guid AccountId, Money Amount, string? Reference)
    : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override Guid Subject => TransactionId;

    private protected abstract TransactionKind Kind { get; }

    private protected abstract bool IsIn { get; }

    internal override LedgerCommand About(Guid subject) => this with { TransactionId = subject };

    internal override void Collect(BatchKeys keys, ShardContext context)
    {
        keys.Accounts.Add(AccountId);
        keys.Accounts.Add(context.SystemAccount(AccountKind.Cash, Amount.Currency));
    }

    internal override Reply Decide(Batch batch)
    {
        var account = batch.Account(AccountId);
        if ((AccountRules.Amount(Amount) ?? AccountRules.Usable(account, AccountId, Amount.Currency)) is { } unusable)
            return batch.Refuse(unusable.Reason, unusable.Detail);
        var signedMinor = IsIn ? Amount.Minor : -Amount.Minor;
        if (((IsIn ? null : AccountRules.Funds(account!, Amount)) ?? AccountRules.Fits(account!, signedMinor))
            is { } refused)
            return batch.Refuse(refused.Reason, refused.Detail);
        var cash = batch.SystemAccount(AccountKind.Cash, Amount.Currency);
        var (debit, credit) = IsIn ? (cash, account!) : (account!, cash);
        batch.Record(TransactionId, Kind, Amount, Reference, null, debit, credit);
        batch.Emit(EventType.TransactionRecorded, account!,
            new AccountEvent(Kind.Word(), signedMinor, HasEntry: true, TransactionId, Reference: Reference));
        return batch.Done(TransactionId, account!.PostedMinor);
    }
}
