using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas.Transactions;

/// <summary>A requested transaction: legs on accounts of any shards, and its conditions.</summary>
public sealed record TransactionOrder
{
    /// <summary>The legs; they add up to zero in each currency.</summary>
    public required TransactionLeg[] Legs { get; init; }

    /// <summary>The conditions that must hold when it is checked.</summary>
    public TransactionCondition[] Conditions { get; init; } = [];

    /// <summary>The client's reference text.</summary>
    public string? Reference { get; init; }

    /// <summary>Value date, code and other details.</summary>
    public TransactionDetails? Details { get; init; }

    /// <summary>Why it cannot be booked anywhere; null if it can.</summary>
    internal Refusal? Check(long nowUs)
    {
        if (Legs.Any(leg => !Currency.TryParse(leg.Currency, out _)))
            return new Refusal(RefusalReason.InvalidTransaction, "A leg has an unknown currency.");
        if (Conditions.Length > SagaLimits.TransactionConditions)
            return new Refusal(
                RefusalReason.InvalidTransaction,
                $"A transaction has at most {SagaLimits.TransactionConditions} conditions.");
        if (Reference?.Length > Limits.ReferenceCharacters)
            return new Refusal(
                RefusalReason.InvalidTransaction, $"A reference has at most {Limits.ReferenceCharacters} characters.");
        return PostingRules.Shape(ToLegs()) ?? Details?.Check(nowUs);
    }

    /// <summary>The legs as the ledger books them.</summary>
    internal Leg[] ToLegs() =>
        [.. Legs.Select(leg => new Leg(leg.AccountId, Currency.Parse(leg.Currency), leg.AmountMinor))];

    /// <summary>The shards of its legs and conditions, in order.</summary>
    internal IReadOnlyList<int> ShardsOf(ShardMap map) =>
        [.. Accounts.Select(map.ShardOf).Distinct().Order()];

    /// <summary>The legs and conditions of one shard.</summary>
    internal TransactionOrder PartOf(ShardMap map, int shard) => this with
    {
        Legs = [.. Legs.Where(leg => map.ShardOf(leg.AccountId) == shard)],
        Conditions = [.. Conditions.Where(condition => map.ShardOf(condition.AccountId) == shard)],
    };

    /// <summary>Names the rows that booking or reserving it here reads.</summary>
    internal void Collect(BatchKeys keys, ShardContext context, int owner)
    {
        foreach (var account in Accounts) keys.Accounts.Add(account);
        foreach (var currency in Legs.Select(leg => leg.Currency).Distinct())
            keys.Accounts.Add(context.Clearing(Currency.Parse(currency), owner));
    }

    /// <summary>The refusal of the first condition that does not hold; null if all hold.</summary>
    internal Refusal? Judge(Batch batch)
    {
        foreach (var condition in Conditions)
        {
            if (condition.Judge(batch.Account(condition.AccountId)) is { } refusal) return refusal;
        }

        return null;
    }

    private IEnumerable<Guid> Accounts =>
        Legs.Select(leg => leg.AccountId).Concat(Conditions.Select(condition => condition.AccountId));
}

/// <summary>One leg. <paramref name="AmountMinor"/> is signed from the account's point of view.</summary>
public sealed record TransactionLeg(Guid AccountId, long AmountMinor, string Currency);

/// <summary>A condition on a customer's account: a minimum posted balance, or an unchanged version.</summary>
public sealed record TransactionCondition(Guid AccountId, long? MinimumMinor, long? Version)
{
    internal Refusal? Judge(AccountRow? account)
    {
        if (account is not { Kind: AccountKind.Customer })
            return new Refusal(RefusalReason.AccountNotFound, $"There is no account {AccountId}.");
        if (MinimumMinor is { } minimum && account.PostedMinor < minimum)
            return new Refusal(
                RefusalReason.ConditionFailed,
                $"Account {AccountId} holds {new Money(account.PostedMinor, account.Currency)}, less than "
                + $"{new Money(minimum, account.Currency)}.");
        return Version is { } version && account.Version != version
            ? new Refusal(
                RefusalReason.ConditionFailed,
                $"Account {AccountId} has version {account.Version}, not {version}.")
            : null;
    }
}
