using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// Keys that a batch presumed to be free instead of looking them up. The presumption holds where each of them is
/// written: MySQL refuses the batch whose key is there already. One that is not written proves nothing, and is looked
/// up.
/// </summary>
internal static class PresumedKeys
{
    public static bool AreWritten(BatchKeys presumed, BatchWrites writes) =>
        writes.Outcomes.Count(row => presumed.Outcomes.Contains(row.Key)) == presumed.Outcomes.Count
        && writes.KeysElsewhere.Count(key => presumed.KeysElsewhere.TryGetValue(key.Home, out var keys)
            && keys.Contains(key.Taken.Key)) == presumed.KeysElsewhere.Values.Sum(static keys => keys.Count)
        && writes.Transactions.Count(row => presumed.Transactions.Contains(row.Id)) == presumed.Transactions.Count;
}
