using Tideline.Ledger.Commands;

namespace Tideline.Ledger;

/// <summary>
/// A key is taken at home and used elsewhere side by side, and answered when both are durable (<see cref="Reservation"/>). A machine that failed in between may have
/// kept the use and not the taking. Before anything else is served the taking is written again, so that another request with that key is refused for ever.
/// </summary>
internal static class ReservationRepair
{
    /// <summary>Looks at the outcomes that nobody may have been told of, and takes the keys whose home is <paramref name="home"/> and that are missing there.</summary>
    /// <returns>How many were missing.</returns>
    public static async Task<int> RunAsync(GeneralLedger ledger, int home, ShardWriter writer, int limit, CancellationToken cancel)
    {
        var missing = new List<Task<Reply>>();
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if (shard == home) continue;
            foreach (var outcome in await ledger.Reader(shard).GetLastOutcomesAsync(limit, cancel))
            {
                // A step of a saga has no request behind it: its key never leaves its shard.
                if (outcome.Kind == OutcomeKind.Reserved || outcome.Fingerprint == Guid.Empty || ledger.Map.ShardOf(outcome.Key) != home || await ledger.Reader(home).GetOutcomeAsync(outcome.Key, cancel) is not null) continue;

                // A refusal may be about nothing: any id of its shard leads a repeat to it.
                var subject = outcome.Subject == Guid.Empty ? ledger.Map.NextOn(shard, ledger.Ids) : outcome.Subject;
                missing.Add(writer.Submit(new ReserveKey(subject) { Key = outcome.Key, Fingerprint = outcome.Fingerprint }));
            }
        }

        return (await Task.WhenAll(missing)).Length;
    }
}
