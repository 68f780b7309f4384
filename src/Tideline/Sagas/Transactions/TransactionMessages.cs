using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas.Transactions;

/// <summary>An action that a transaction's saga requests of a shard.</summary>
internal enum TransactionAction
{
    /// <summary>Check the part and set aside what it needs.</summary>
    Reserve = 1,

    /// <summary>Book it: the saga has passed its pivot.</summary>
    Post = 2,

    /// <summary>Release it, and never reserve it.</summary>
    Release = 3,
}

/// <summary>Requests an action on a shard's part of a transaction.</summary>
internal sealed record TransactionRequest(
    Guid SagaId, int Owner, TransactionAction Action, TransactionOrder Part, TransactionHome Home)
{
    public const string Type = "TRANSACTION_STEP_REQUESTED";

    /// <summary>What is wrong with a request that arrived at a shard; null if nothing is.</summary>
    public string? FindFault(int shard, ShardMap map) =>
        SagaId == Guid.Empty ? "it names no saga"
        : Owner < 0 || Owner >= map.Shards || Owner == shard ? "its saga is not on another shard"
        : !Enum.IsDefined(Action) ? "its action is unknown"
        : Home?.FindFault(Owner, map) is { } fault ? fault
        : Home is null || Part?.Legs is not { } legs || Part.Conditions is not { } conditions ? "it has no part"
        : legs.Length > LedgerLimits.TransactionLegs || conditions.Length > SagaLimits.TransactionConditions
            || legs.Length + conditions.Length == 0 ? "its part has too many legs, or none"
        : legs.Any(leg => leg.AmountMinor is 0 or > Limits.AmountMinor or < -Limits.AmountMinor
            || !Currency.TryParse(leg.Currency, out _)) ? "a leg of it has no amount"
        : legs.Select(leg => leg.AccountId).Concat(conditions.Select(condition => condition.AccountId))
            .Any(account => map.ShardOf(account) != shard || DerivedId.IsDerived(account))
            ? $"one of its accounts is not a customer account on shard {shard}"
        : Part.Reference?.Length > Limits.ReferenceCharacters ? "its reference is too long"
        : null;
}

/// <summary>The result of a shard's action on its part.</summary>
internal sealed record TransactionReply(
    Guid SagaId, int Shard, TransactionAction Action, RefusalReason Reason, string? Detail, Position Position,
    TransactionHome Home)
{
    public const string Type = "TRANSACTION_STEP_REPLIED";

    /// <summary>What is wrong with a reply that arrived at a shard; null if nothing is.</summary>
    public string? FindFault(int owner, ShardMap map) =>
        SagaId == Guid.Empty ? "it names no saga"
        : Shard < 0 || Shard >= map.Shards || Shard == owner ? "it is not from another shard"
        : !Enum.IsDefined(Action) ? "its action is unknown"
        : Reason != 0 && Refusals.Find(Reason) is null ? "its refusal is unknown"
        : Detail?.Length > SagaLimits.DetailCharacters ? "its sentence is too long"
        : Position.Shard != Shard || Position.Seq < 0 ? "its position is on no shard"
        : Home is null ? "it does not say what its saga touches"
        : Home.FindFault(owner, map);
}

/// <summary>
/// The rows of the owner's shard that a saga may touch, which must be named before the saga is read. Messages carry
/// them; the saga's row remains authoritative.
/// </summary>
internal sealed record TransactionHome(Guid[] Accounts, string[] Currencies)
{
    public static TransactionHome Of(TransactionOrder order, ShardMap map, int owner)
    {
        var part = order.PartOf(map, owner);
        return new TransactionHome(
            [.. part.Legs.Select(leg => leg.AccountId).Distinct()],
            [.. part.Legs.Select(leg => leg.Currency).Distinct()]);
    }

    public void Collect(Guid sagaId, BatchKeys keys, ShardContext context)
    {
        keys.Aggregates.Add(sagaId);
        keys.Aggregates.Add(Reservation.IdOf(sagaId, context.Shard, context.Map));
        keys.Transactions.Add(sagaId);
        foreach (var account in Accounts) keys.Accounts.Add(account);
        foreach (var currency in Currencies)
            keys.Accounts.Add(context.Clearing(Currency.Parse(currency), context.Shard));
    }

    public bool IsSame(TransactionHome other) =>
        Accounts.SequenceEqual(other.Accounts) && Currencies.SequenceEqual(other.Currencies, StringComparer.Ordinal);

    public string? FindFault(int owner, ShardMap map) =>
        Accounts is null || Currencies is null || Accounts.Length > LedgerLimits.TransactionLegs
            || Currencies.Length > LedgerLimits.TransactionLegs
            || Accounts.Any(account => map.ShardOf(account) != owner)
            || Currencies.Any(currency => !Currency.TryParse(currency, out _))
            ? "the rows of its saga are not on its shard"
            : null;
}
