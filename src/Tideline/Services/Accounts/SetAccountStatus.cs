using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Commands;

namespace Tideline.Services.Accounts;

/// <summary>Freezes, reopens or closes an account.</summary>
public sealed record SetAccountStatus(Guid AccountId, AccountStatus Status) : LedgerCommand
{
    public override Guid RouteId => AccountId;

    internal override Guid Subject => AccountId;

    internal override void Collect(BatchKeys keys, ShardContext context) => keys.Accounts.Add(AccountId);

    internal override Reply Decide(Batch batch)
    {
        if (batch.Account(AccountId) is not { Kind: AccountKind.Customer } account)
            return batch.Refuse(RefusalReason.AccountNotFound, $"There is no account {AccountId}.");
        if (account.Status == AccountStatus.Closed && Status != AccountStatus.Closed)
            return batch.Refuse(RefusalReason.AccountClosed, $"Account {AccountId} is closed permanently.");
        if (account.Status == Status)
            return batch.Refuse(RefusalReason.InvalidStatus, $"Account {AccountId} is already {Status.Word()}.");
        if (Status == AccountStatus.Closed && (account.PostedMinor != 0 || account.PendingOutMinor != 0))
            return batch.Refuse(RefusalReason.AccountNotEmpty,
                $"Account {AccountId} holds {new Money(account.PostedMinor, account.Currency)}, "
                    + $"{new Money(account.PendingOutMinor, account.Currency)} of it held; it must be empty to close.");
        if (Status == AccountStatus.Closed
            && AccountRules.Settled(account) is { } unsettled) return batch.Refuse(unsettled.Reason, unsettled.Detail);
        var before = account.Status;
        account.Status = Status;
        batch.Emit(EventType.BalanceUpdated, account, new AccountEvent("status", StatusBefore: before));
        return batch.Done(AccountId, account.PostedMinor);
    }
}
