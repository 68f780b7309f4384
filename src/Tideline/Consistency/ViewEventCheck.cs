using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Projections;
using Tideline.Views;

namespace Tideline.Consistency;

/// <summary>
/// The archive of events beside the ledger's own: every event up to the watermark stands in it as it happened. An
/// ordinary check looks at batches that lie evenly over the ledger, a deep one at all.
/// </summary>
internal sealed class ViewEventCheck(
    GeneralLedger ledger, IViewStore views, ViewNames names, Func<Guid, bool> isKnown, bool deep, List<string> findings)
{
    /// <summary>Adds its findings; answers how many events were compared.</summary>
    public async Task<long> RunAsync(CancellationToken cancel)
    {
        var compared = 0L;
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            // The watermark first: what it covers was archived before.
            var until = (await views.GetWatermarkAsync(names.Projection, shard, cancel)).Seq;
            var stride = deep ? 1
                : Math.Max(1, until / Limits.EventBatch / Limits.VerifyLogBatches * ledger.Map.Shards);
            for (var seq = 0L; seq < until && findings.Count < Limits.VerifyFindings; seq += stride * Limits.EventBatch)
            {
                var events = await ledger.Reader(shard)
                    .GetEventsAsync(seq, (int)Math.Min(Limits.EventBatch, until - seq), cancel);
                await CompareAsync(events, cancel);
                compared += events.Count;
            }
        }

        return compared;
    }

    private async Task CompareAsync(IReadOnlyList<LedgerEvent> events, CancellationToken cancel)
    {
        // Of a customer who is knowingly behind, the archive may hold what the log said instead.
        var judged = events.Where(happened => !isKnown(ProjectedEvent.From(happened).Key));
        var expected = judged.Select(happened => ViewApplier.EventWrite(happened)).ToArray();
        var found = (await views.ReadAsync(names.Events, [.. expected.Select(write => write.Id)], cancel))
            .ToDictionary(document => document.Id, StringComparer.Ordinal);
        foreach (var write in expected)
        {
            if (findings.Count >= Limits.VerifyFindings) return;
            if (!found.TryGetValue(write.Id, out var stored))
                findings.Add($"Event document {write.Id} is missing, though the views are past its event.");
            else if (!ViewRepair.IsSame(stored, write.Json!.Value))
                findings.Add($"Event document {write.Id} is not what the ledger's event says.");
        }
    }
}
