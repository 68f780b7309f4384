namespace Tideline.Ledger;

/// <summary>What an aggregate has of an account.</summary>
public readonly record struct AggregateClaim(Guid AccountId, long AmountMinor, ClaimKind Kind = ClaimKind.Returnable);

/// <summary>What a claim on an account is.</summary>
public enum ClaimKind
{
    /// <summary>It may come back to the account; of one of the bank, a part of what that holds.</summary>
    Returnable,

    /// <summary>Held back on the account, beside its holds.</summary>
    PendingOut,

    /// <summary>Announced to the account.</summary>
    PendingIn,
}

/// <summary>Which aggregates have something of accounts, and what each of them has.</summary>
public sealed record AggregateClaims(AggregateFilter Which, Func<AggregateRow, IEnumerable<AggregateClaim>> Of);
