namespace Tideline.Ledger;

/// <summary>An aggregate's claim on an account.</summary>
public readonly record struct AggregateClaim(Guid AccountId, long AmountMinor, ClaimKind Kind = ClaimKind.Returnable);

/// <summary>The kind of a claim on an account.</summary>
public enum ClaimKind
{
    /// <summary>
    /// It may be returned to the account; for an account of the bank, it is part of the account's balance.
    /// </summary>
    Returnable,

    /// <summary>Held back on the account, in addition to its holds.</summary>
    PendingOut,

    /// <summary>Announced as a credit to the account.</summary>
    PendingIn,
}

/// <summary>Selects the aggregates that have claims on accounts, and reads the claims of each.</summary>
public sealed record AggregateClaims(AggregateFilter Which, Func<AggregateRow, IEnumerable<AggregateClaim>> Of);
