using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>Account to cash.</summary>
public sealed record Withdraw(Guid TransactionId, Guid AccountId, Money Amount, string? Reference) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override Guid Subject => TransactionId;

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
        if ((AccountRules.Funds(account!, Amount) ?? AccountRules.Fits(account!, -Amount.Minor)) is { } refused)
            return batch.Refuse(refused.Reason, refused.Detail);
        var cash = batch.SystemAccount(AccountKind.Cash, Amount.Currency);
        batch.Record(TransactionId, TransactionKind.Withdrawal, Amount, Reference, null, account!, cash);
        batch.Emit(EventType.TransactionRecorded, account!,
            new AccountEvent("withdrawal", -Amount.Minor, HasEntry: true, TransactionId, Reference: Reference));
        return batch.Done(TransactionId, account!.PostedMinor);
    }
}
