using Tideline.Ledger;

namespace Tideline.Engines.Ledger;

/// <summary>What the check of balances reads of a shard, all in one snapshot.</summary>
internal interface IBalanceSource
{
    /// <summary>Accounts after an id, in the order of ids.</summary>
    IEnumerable<BalanceRow> Accounts(Guid after, int limit);

    /// <summary>
    /// Entries of the accounts after one up to another (null: without bound), each account's in the order in which they
    /// were written.
    /// </summary>
    IEnumerable<EntryRow> Entries(Guid? after, Guid? through);

    /// <summary>What open holds still hold back, summed per account of the range.</summary>
    IEnumerable<(Guid Account, Int128 Minor)> OpenHolds(Guid? after, Guid? through);

    /// <summary>Aggregates, in no order.</summary>
    IEnumerable<AggregateRow> Aggregates(AggregateFilter which);
}

/// <summary>An account as the check of balances needs it.</summary>
internal readonly record struct BalanceRow(
    Guid Id, long PostedMinor, long PendingInMinor, long PendingOutMinor, long EntryVersion, AccountKind Kind,
    string Currency, long ReturnableMinor);
