using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>One page of a list over all shards.</summary>
/// <param name="Items">Ordered by shard and id.</param>
/// <param name="LeftOut">The shards that did not answer and are left out, with the reason; null if none.</param>
public sealed record SagaPage<T>(IReadOnlyList<T> Items, string? LeftOut);

/// <summary>
/// Reads sagas of all shards concurrently. A shard that fails or hangs does not hide the others' sagas.
/// </summary>
internal static class SagaPages
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(SagaLimits.ShardListMs);

    /// <summary>Sagas in a state, after a given place.</summary>
    public static async Task<SagaPage<T>> ReadAsync<T>(
        GeneralLedger ledger, SagaState? state, (int Shard, Guid Id) after, int limit, Func<SagaRow, int, T> show,
        CancellationToken cancel)
    {
        var reads = Enumerable.Range(after.Shard, ledger.Map.Shards - after.Shard).Select(async shard =>
        {
            var from = shard == after.Shard ? after.Id : Guid.Empty;
            return await ledger.Reader(shard).GetSagasAsync(state, from, limit, cancel);
        }).ToList();
        // In the order of shards, so that the next page continues after the last saga shown.
        var (found, leftOut) = (new List<T>(), new List<string>());
        await Task.WhenAny(Task.WhenAll(reads), Task.Delay(Patience, ledger.Clock, cancel));
        for (var shard = after.Shard; shard < ledger.Map.Shards && found.Count < limit; shard++)
        {
            var read = reads[shard - after.Shard];
            cancel.ThrowIfCancellationRequested();
            if (!read.IsCompleted)
            {
                leftOut.Add($"Shard {shard} is left out: it did not answer within {SagaLimits.ShardListMs} ms.");
                continue;
            }

            try
            {
                found.AddRange((await read).Take(limit - found.Count).Select(row => show(row, shard)));
            }
            catch (TidelineException away)
            {
                leftOut.Add($"Shard {shard} is left out: {away.Message}");
            }
        }

        foreach (var read in reads) _ = read.ContinueWith(static gone => gone.Exception, TaskScheduler.Default);
        return new SagaPage<T>(found, leftOut.Count == 0 ? null : string.Join(' ', leftOut));
    }
}
