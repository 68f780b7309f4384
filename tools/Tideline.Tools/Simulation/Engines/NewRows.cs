using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>What the keys of a database refuse: a row that is there already, or none where one should change.</summary>
internal static class NewRows
{
    /// <summary>Checks the rows of a batch before any of them is written.</summary>
    /// <exception cref="TidelineException">Internal: the tables do not take one of them.</exception>
    public static void Require(ShardTables tables, BatchWrites writes)
    {
        Absent("Customer", writes.NewCustomers, static row => row.Id, tables.Customers.Contains);
        Absent("Account", writes.NewAccounts, static row => row.Id, tables.Accounts.Contains);
        Absent("Transaction", writes.Transactions, static row => row.Id, tables.Transactions.Contains);
        Absent("Entry", writes.Entries,
            static row => new EntryKey(row.AccountId, row.Version), key => tables.Entries.Get(key) is not null);
        Absent("Outcome", writes.Outcomes, static row => row.Key, tables.Outcomes.Contains);
        Absent("Aggregate", writes.NewAggregates, static row => row.Id, tables.Aggregates.Contains);
        Absent("Block", writes.Blocks, static row => row.Number, number => number <= tables.Blocks.LastNumber);
        foreach (var row in writes.ChangedAccounts)
        {
            if (!tables.Accounts.Contains(row.Id)) throw Missing("Account", row.Id);
        }

        foreach (var row in writes.ChangedAggregates)
        {
            if (!tables.Aggregates.Contains(row.Id)) throw Missing("Aggregate", row.Id);
        }
    }

    private static void Absent<TRow, TKey>(
        string what, List<TRow> rows, Func<TRow, TKey> keyOf, Func<TKey, bool> isThere)
    {
        if (rows.Count == 0) return;
        var seen = rows.Count > 1 ? new HashSet<TKey>(rows.Count) : null;
        foreach (var row in rows)
        {
            var key = keyOf(row);
            if (isThere(key) || seen?.Add(key) == false)
                throw new TidelineException(ErrorCode.Internal, $"{what} {key} already exists.");
        }
    }

    private static TidelineException Missing(string what, Guid id) =>
        new(ErrorCode.Internal, $"{what} {id} cannot change: it does not exist.");
}
