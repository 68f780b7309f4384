using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Services.Accounts;

/// <summary>Rules that the commands of holds share.</summary>
internal static class HoldRules
{
    private const long DayUs = 86_400_000_000;

    /// <summary>A hold must expire in the future, and within the limit.</summary>
    public static Refusal? Expiry(long expiresUs, long nowUs) => expiresUs > nowUs
        && expiresUs <= nowUs + AccountLimits.HoldDays * DayUs
        ? null
        : new Refusal(
            RefusalReason.InvalidExpiry,
                $"A hold must expire in the future, at most {AccountLimits.HoldDays} days ahead.");

    /// <summary>Finds an open hold and its account; returns the refusal if there is none.</summary>
    public static Refusal? Open(
        Batch batch, Guid holdId, Guid accountId, Currency currency, out HoldRow? hold, out AccountRow? account)
    {
        account = batch.Account(accountId);
        hold = batch.Rows.Holds.GetValueOrDefault(holdId);
        if (hold is null || account is null || hold.AccountId != accountId)
            return new Refusal(RefusalReason.HoldNotFound, $"There is no hold {holdId}.");
        if (account.Currency != currency) return new Refusal(RefusalReason.CurrencyMismatch,
            $"Account {accountId} is in {account.Currency}, but the amount is in {currency}.");
        if (hold.Status == HoldStatus.Open) return null;
        var status = hold.Status switch
        {
            HoldStatus.Captured => "captured",
            HoldStatus.Released => "released",
            _ => "expired",
        };
        return new Refusal(RefusalReason.HoldNotOpen, $"Hold {holdId} is {status}.");
    }

    /// <summary>Reduces the pending amount on both sides.</summary>
    public static void GiveBack(Batch batch, AccountRow account, long amountMinor)
    {
        var settlement = batch.SystemAccount(AccountKind.Settlement, account.Currency);
        account.PendingOutMinor -= amountMinor;
        settlement.PendingInMinor -= amountMinor;
        batch.Changed(account);
        batch.Changed(settlement);
    }
}
