using Tideline.Kernel;
using Tideline.Ledger.Commands;

namespace Tideline.Ledger;

/// <summary>
/// Whether legs may be booked: they sum to zero in each currency, and each account can take the net of its legs. Every
/// posting is checked here, and only here.
/// </summary>
internal static class PostingRules
{
    /// <summary>Why a posting is refused; null when it may be booked. It changes nothing.</summary>
    public static Refusal? Judge(Batch batch, in Posting posting, ReadOnlySpan<Leg> legs)
    {
        if ((Shape(legs) ?? posting.Details?.Check(batch.TimeUs)) is { } malformed) return malformed;
        if (batch.Rows.Transactions.Contains(posting.Id))
            return new Refusal(RefusalReason.DuplicateId, $"Transaction {posting.Id} already exists.");
        return Accounts(batch, legs, posting.EvenFrozen);
    }

    /// <summary>Why an account of this shard cannot take its legs; null when all can.</summary>
    public static Refusal? Accounts(Batch batch, ReadOnlySpan<Leg> legs, bool evenFrozen)
    {
        for (var index = 0; index < legs.Length; index++)
        {
            if (Account(batch, legs, index, evenFrozen) is { } refusal) return refusal;
        }

        return null;
    }

    /// <summary>Whether the legs form a valid transaction at all, wherever their accounts are.</summary>
    public static Refusal? Shape(ReadOnlySpan<Leg> legs)
    {
        var customers = 0;
        foreach (var leg in legs) customers += leg.Kind == AccountKind.Customer ? 1 : 0;
        if (legs.Length < 2 || customers > LedgerLimits.TransactionLegs)
            return new Refusal(
                RefusalReason.InvalidTransaction,
                $"A transaction has 2 to {LedgerLimits.TransactionLegs} legs; this one has {legs.Length}.");
        for (var index = 0; index < legs.Length; index++)
        {
            var leg = legs[index];
            // A leg of the bank is a sum of other legs and may exceed the limit.
            if (leg.AmountMinor == 0 || (leg.Kind == AccountKind.Customer
                && leg.AmountMinor is > Limits.AmountMinor or < -Limits.AmountMinor))
                return new Refusal(
                    RefusalReason.InvalidAmount,
                    $"An amount must not be zero, and is at most {new Money(Limits.AmountMinor, leg.Currency)}.");
            if (IsFirst(legs, index, static (one, other) => one.Currency == other.Currency)
                && SumOf(legs, leg.Currency) is var sum and not 0)
                return new Refusal(
                    RefusalReason.UnbalancedTransaction,
                    $"The legs in {leg.Currency} add up to {new Money(sum, leg.Currency)}, not to zero.");
        }

        return null;
    }

    /// <summary>The amount moved if all legs are in one currency: the sum of the credits. Else null.</summary>
    public static Money? AmountOf(ReadOnlySpan<Leg> legs)
    {
        var minor = 0L;
        foreach (var leg in legs)
        {
            if (leg.Currency != legs[0].Currency) return null;
            if (leg.AmountMinor > 0) minor += leg.AmountMinor;
        }

        return new Money(minor, legs[0].Currency);
    }

    /// <summary>The counterparty account named by the leg, if there is only one customer leg; else null.</summary>
    public static Guid? CounterpartyOf(ReadOnlySpan<Leg> legs)
    {
        var (customers, counterparty) = (0, (Guid?)null);
        foreach (var leg in legs)
        {
            if (leg.Kind != AccountKind.Customer) continue;
            customers++;
            counterparty = leg.CounterpartyId;
        }

        return customers == 1 ? counterparty : null;
    }

    // Each leg's account must have its currency; the net is checked once, at the account's first leg.
    private static Refusal? Account(Batch batch, ReadOnlySpan<Leg> legs, int index, bool evenFrozen)
    {
        var leg = legs[index];
        var account = batch.Account(leg.AccountId);
        var isFirst = IsFirst(legs, index, static (one, other) => one.AccountId == other.AccountId);
        var (net, promised) = isFirst ? NetOf(legs, leg.AccountId) : default;
        if (leg.Kind != AccountKind.Customer)
            return account is null || !isFirst ? null : AccountRules.Fits(account, net, promised);
        if (AccountRules.Usable(account, leg.AccountId, leg.Currency, evenFrozen || leg.PromisedMinor is not null)
            is { } unusable) return unusable;
        if (!isFirst) return null;
        return (net < 0 ? AccountRules.Funds(account!, new Money(-net, leg.Currency), promised) : null)
            ?? AccountRules.Fits(account!, net, promised);
    }

    private static bool IsFirst(ReadOnlySpan<Leg> legs, int index, Func<Leg, Leg, bool> isSame)
    {
        for (var before = 0; before < index; before++)
        {
            if (isSame(legs[before], legs[index])) return false;
        }

        return true;
    }

    private static long SumOf(ReadOnlySpan<Leg> legs, Currency currency)
    {
        var sum = 0L;
        foreach (var leg in legs)
        {
            if (leg.Currency == currency) sum += leg.AmountMinor;
        }

        return sum;
    }

    private static (long Net, long Promised) NetOf(ReadOnlySpan<Leg> legs, Guid account)
    {
        var (net, promised) = (0L, 0L);
        foreach (var leg in legs)
        {
            if (leg.AccountId != account) continue;
            net += leg.AmountMinor;
            promised += leg.PromisedMinor ?? 0;
        }

        return (net, promised);
    }
}
