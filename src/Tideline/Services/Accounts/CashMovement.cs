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
        if ((AccountRules.Amount(Amount) ?? Record(batch)) is { } refused)
            return batch.Refuse(refused.Reason, refused.Detail);
        return batch.Done(TransactionId, batch.Account(AccountId)!.PostedMinor);
    }

    private Refusal? Record(Batch batch)
    {
        var minor = IsIn ? Amount.Minor : -Amount.Minor;
        var account = new Leg(AccountId, Amount.Currency, minor);
        var cash = new Leg(batch.Context.SystemAccount(AccountKind.Cash, Amount.Currency), Amount.Currency, -minor)
        {
            Kind = AccountKind.Cash,
        };
        var posting = new Posting(TransactionId, Kind) { Reference = Reference };
        return IsIn ? batch.Record(posting, cash, account) : batch.Record(posting, account, cash);
    }
}
