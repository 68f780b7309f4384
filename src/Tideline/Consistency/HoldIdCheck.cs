using Tideline.Audit;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Consistency;

/// <summary>
/// I14: a hold's id is unique in the whole installation. The ids of all shards are merged in order; one page per shard
/// is in memory.
/// </summary>
internal sealed class HoldIdCheck(GeneralLedger ledger)
{
    /// <summary>The shard that was read last: the one to report if a read fails.</summary>
    public int At { get; private set; }

    /// <summary>The findings, and the number of holds.</summary>
    public async Task<(IReadOnlyList<string> Findings, long Seen)> RunAsync(CancellationToken cancel)
    {
        var (findings, seen) = (new List<string>(), 0L);
        var pages = new Page[ledger.Map.Shards];
        for (var shard = 0; shard < pages.Length; shard++)
            pages[shard] = await NextAsync(shard, Guid.Empty, cancel);
        (Guid Id, int Shard)? last = null;
        while (pages.MinBy(page => page.First) is { First: { } id } least
            && findings.Count < AuditLimits.VerifyFindings)
        {
            if (last is { } before && before.Id == id)
                findings.Add(
                    $"Hold {id} is on shard {before.Shard} and on shard {least.Shard}: one id names two holds.");
            (last, seen) = ((id, least.Shard), seen + 1);
            least.Ids.Dequeue();
            if (least.Ids.Count == 0)
                pages[least.Shard] = await NextAsync(least.Shard, id, cancel);
        }

        return (findings, seen);
    }

    private async Task<Page> NextAsync(int shard, Guid after, CancellationToken cancel)
    {
        At = shard;
        return new Page(
            shard, new Queue<Guid>(await ledger.Reader(shard).GetHoldIdsAsync(after, Limits.EventBatch, cancel)));
    }

    private sealed record Page(int Shard, Queue<Guid> Ids)
    {
        /// <summary>The next id; null after the last.</summary>
        public Guid? First => Ids.TryPeek(out var id) ? id : null;
    }
}
