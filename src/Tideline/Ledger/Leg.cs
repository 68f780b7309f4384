using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// One leg of a posting, on an account of the shard. <paramref name="AmountMinor"/> is signed from the account's point
/// of view.
/// </summary>
internal readonly record struct Leg(Guid AccountId, Currency Currency, long AmountMinor)
{
    /// <summary>What the account is for; an account of the bank is created on first use.</summary>
    public AccountKind Kind { get; init; }

    /// <summary>The customer's account on the other side, where there is one.</summary>
    public Guid? CounterpartyId { get; init; }

    /// <summary>
    /// The amount set aside for the leg earlier: held for a debit, announced for a credit. The posting uses it up. The
    /// account's status and funds were checked when it was set aside. Null: nothing was set aside.
    /// </summary>
    public long? PromisedMinor { get; init; }
}
