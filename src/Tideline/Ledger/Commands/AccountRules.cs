using Tideline.Kernel;

namespace Tideline.Ledger.Commands;

/// <summary>The checks that every movement shares; each returns null or a refusal.</summary>
internal static class AccountRules
{
    public static Refusal? Amount(Money amount) => amount.Minor switch
    {
        <= 0 => new Refusal(RefusalReason.InvalidAmount, "The amount must be greater than zero."),
        > Limits.AmountMinor => new Refusal(
            RefusalReason.InvalidAmount,
            $"An amount is at most {new Money(Limits.AmountMinor, amount.Currency)}; {amount} is more."),
        _ => null,
    };

    /// <summary>The account exists, is a customer's, is open and has this currency.</summary>
    public static Refusal? Usable(AccountRow? account, Guid id, Currency currency, bool evenFrozen = false)
    {
        if (account is null || account.Kind != AccountKind.Customer)
            return new Refusal(RefusalReason.AccountNotFound, $"There is no account {id}.");
        if (account.Status == AccountStatus.Closed)
            return new Refusal(RefusalReason.AccountClosed, $"Account {id} is closed.");
        if (account.Status == AccountStatus.Frozen && !evenFrozen)
            return new Refusal(RefusalReason.AccountFrozen, $"Account {id} is frozen.");
        return account.Currency != currency
            ? new Refusal(
                RefusalReason.CurrencyMismatch,
                    $"Account {id} is in {account.Currency}, but the amount is in {currency}.")
            : null;
    }

    /// <summary>The owner may spend this amount, including what was promised for it.</summary>
    public static Refusal? Funds(AccountRow account, Money amount, long promisedMinor = 0) =>
        account.AvailableMinor + promisedMinor >= amount.Minor
        ? null
        : new Refusal(
            RefusalReason.InsufficientFunds,
            $"Account {account.Id} has {new Money(account.AvailableMinor, amount.Currency)} available, but {amount} "
            + "is needed.");

    /// <summary>
    /// No money may still be on its way to the account: what unfinished sagas took from it, or have reserved for it,
    /// could not be posted to a closed account.
    /// </summary>
    public static Refusal? Settled(AccountRow account) =>
        account.ReturnableMinor != 0
        ? new Refusal(
            RefusalReason.TransfersUnderWay,
            $"Transfers of {new Money(account.ReturnableMinor, account.Currency)} from account {account.Id} are under "
            + "way and may still come back; it closes when they have ended.")
        : account.PendingInMinor != 0
        ? new Refusal(
            RefusalReason.TransfersUnderWay,
            $"Transactions of {new Money(account.PendingInMinor, account.Currency)} to account {account.Id} are under "
            + "way; it closes when they have ended.")
        : null;

    /// <summary>The balance stays within its limits, including everything announced to the account.</summary>
    public static Refusal? Fits(AccountRow account, long amountMinor, long promisedMinor = 0)
    {
        var isCustomers = account.Kind == AccountKind.Customer;
        Int128 pending = isCustomers && amountMinor > 0 ? account.PendingInMinor - promisedMinor : 0;
        return Int128.Abs(account.PostedMinor + pending + amountMinor)
            > (isCustomers ? LedgerLimits.BalanceMinor : long.MaxValue)
            ? new Refusal(
                RefusalReason.BalanceOverflow,
                $"The balance of account {account.Id} would exceed its limit.")
            : null;
    }
}
