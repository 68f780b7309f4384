using Tideline.Ledger.Commands;

namespace Tideline.Ledger;

/// <summary>
/// A key is taken at home and used elsewhere side by side, and answered when both are durable (<see cref="Reservation"/>). A machine that failed in between may have
/// kept the use and not the taking. Before anything else is served the taking is written again, so that another request with that key is refused for ever.
/// </summary>
internal static class ReservationRepair
{
    /// <summary>Looks at the outcomes that nobody may have been told of, and takes the keys that are missing at their homes.</summary>
    /// <returns>How many were missing.</returns>
    public static async Task<int> RunAsync(GeneralLedger ledger, int limit, CancellationToken cancel)
    {
        var missing = new List<Task<Reply>>();
        for (var shard = 0; ledger.Map.Shards > 1 && shard < ledger.Map.Shards; shard++)
        {
            foreach (var outcome in await ledger.Reader(shard).GetLastOutcomesAsync(limit, cancel))
            {
                var home = ledger.Map.ShardOf(outcome.Key);
                // A step of a saga has no request behind it: its key never leaves its shard.
                if (outcome.Kind == OutcomeKind.Reserved || outcome.Fingerprint == Guid.Empty || home == shard || await ledger.Reader(home).GetOutcomeAsync(outcome.Key, cancel) is not null) continue;

                // A refusal may be about nothing: any id of its shard leads a repeat to it.
                var subject = outcome.Subject == Guid.Empty ? ledger.Map.NextOn(shard, ledger.Ids) : outcome.Subject;
                missing.Add(ledger.SubmitAsync(home, new ReserveKey(subject) { Key = outcome.Key, Fingerprint = outcome.Fingerprint }));
            }
        }

        return (await Task.WhenAll(missing)).Length;
    }
}
