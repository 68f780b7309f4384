using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// One leg of a posting, on an account of the shard. <paramref name="AmountMinor"/> is signed as the account sees it.
/// </summary>
internal readonly record struct Leg(Guid AccountId, Currency Currency, long AmountMinor)
{
    /// <summary>What the account is for; one of the bank is made at its first use.</summary>
    public AccountKind Kind { get; init; }

    /// <summary>The customer's account on the other side, where there is one.</summary>
    public Guid? CounterpartyId { get; init; }

    /// <summary>
    /// What was set aside for the leg before: held for a debit, announced for a credit. It ends with the posting. The
    /// account's status and funds were judged then. Null: nothing was.
    /// </summary>
    public long? PromisedMinor { get; init; }
}
