using Tideline.Ledger;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>Reads the rows that keys name, for a caller who changes them.</summary>
internal static class RowReader
{
    public static BatchRows Read(ShardTables tables, BatchKeys keys)
    {
        var rows = new BatchRows();
        foreach (var key in keys.Outcomes)
        {
            if (tables.Outcomes.Get(key) is { } row) rows.Outcomes.Add(key, row);
        }

        foreach (var id in keys.Accounts)
        {
            if (tables.Accounts.Get(id) is { } row) rows.Accounts.Add(id, row);
        }

        foreach (var id in keys.Customers)
        {
            if (tables.Customers.TryGet(id, out var row)) rows.Customers.Add(id, row);
        }

        foreach (var id in keys.Holds)
        {
            if (tables.Holds.Get(id) is { } row) rows.Holds.Add(id, row);
        }

        foreach (var id in keys.Aggregates)
        {
            if (tables.Aggregates.Get(id) is { } row) rows.Aggregates.Add(id, row);
        }

        foreach (var id in keys.Transactions)
        {
            if (tables.Transactions.Contains(id)) rows.Transactions.Add(id);
        }

        foreach (var key in keys.Claims)
        {
            if (tables.Claims.TryGet(key, out var row)) rows.Claims.Add(key, row);
        }

        return rows;
    }
}
