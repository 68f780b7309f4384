using Tideline.Engines.Ledger;
using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>The balances of a shard's tables, for the check that all engines share.</summary>
internal sealed class TableBalances(ShardTables tables) : IBalanceSource
{
    /// <inheritdoc/>
    public IEnumerable<BalanceRow> Accounts(Guid after, int limit) => tables.Accounts.After(after).Take(limit).Select(
        row => new BalanceRow(row.Id, row.PostedMinor, row.PendingInMinor, row.PendingOutMinor, row.EntryVersion,
            row.Kind, row.Currency.Code, row.ReturnableMinor));

    /// <inheritdoc/>
    public IEnumerable<EntryRow> Entries(Guid? after, Guid? through) =>
        tables.Entries.All.Where(entry => IsWithin(entry.AccountId, after, through));

    /// <inheritdoc/>
    public IEnumerable<(Guid Account, Int128 Minor)> OpenHolds(Guid? after, Guid? through) => tables.Holds.Open
        .Where(hold => IsWithin(hold.AccountId, after, through))
        .GroupBy(hold => hold.AccountId, (account, holds) =>
            (account, holds.Aggregate((Int128)0, (sum, hold) => sum + hold.RemainingMinor)));

    /// <inheritdoc/>
    public IEnumerable<AggregateRow> Aggregates(AggregateFilter which) =>
        tables.Aggregates.Select(which, Guid.Empty);

    private static bool IsWithin(Guid id, Guid? after, Guid? through) =>
        (after is null || id > after) && (through is null || id <= through);
}
