using System.Runtime.InteropServices;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>Sums of posted balances per currency. Added up here, because SQLite's own sum stops at 64 bits.</summary>
internal static class Totals
{
    public static IReadOnlyList<(Currency Currency, Int128 PostedMinor, long Accounts)> Read(
        SqliteDatabase database, CancellationToken cancel)
    {
        var sums = new Dictionary<Currency, (Int128 PostedMinor, long Accounts)>();
        var query = database.Prepare("SELECT currency, balance FROM accounts");
        try
        {
            while (query.Step())
            {
                cancel.ThrowIfCancellationRequested();
                ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(
                    sums, LedgerRows.CurrencyOf(query.Span(0)), out _);
                sum = (sum.PostedMinor + query.Long(1), sum.Accounts + 1);
            }
        }
        finally
        {
            query.Reset();
        }

        return [.. sums.OrderBy(sum => sum.Key.Code, StringComparer.Ordinal)
            .Select(sum => (sum.Key, sum.Value.PostedMinor, sum.Value.Accounts))];
    }
}
