namespace Tideline.Ledger;

/// <summary>
/// What an aggregate has of an account: an amount that may come back to it, or its part of what an account of the bank
/// holds.
/// </summary>
public readonly record struct AggregateClaim(Guid AccountId, long AmountMinor);

/// <summary>Which aggregates have something of accounts, and what each of them has; null when it has nothing.</summary>
public sealed record AggregateClaims(AggregateFilter Which, Func<AggregateRow, AggregateClaim?> Of);
