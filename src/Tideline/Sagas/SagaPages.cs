using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Sagas;

/// <summary>A part of a list that goes over all shards.</summary>
/// <param name="Items">Shard by shard, in the order of their ids.</param>
/// <param name="LeftOut">Which shards did not answer and are left out, and why; null when none.</param>
public sealed record SagaPage<T>(IReadOnlyList<T> Items, string? LeftOut);

/// <summary>Reads sagas of all shards. One that does not answer hides none of the others'.</summary>
internal static class SagaPages
{
    /// <summary>Sagas in a state from the one that follows a place on.</summary>
    public static async Task<SagaPage<T>> ReadAsync<T>(
        GeneralLedger ledger, SagaState? state, (int Shard, Guid Id) after, int limit, Func<SagaRow, int, T> show,
        CancellationToken cancel)
    {
        var (found, leftOut) = (new List<T>(), new List<string>());
        for (var shard = after.Shard; shard < ledger.Map.Shards && found.Count < limit; shard++)
        {
            var from = shard == after.Shard ? after.Id : Guid.Empty;
            try
            {
                var rows = await ledger.Reader(shard).GetSagasAsync(state, from, limit - found.Count, cancel);
                found.AddRange(rows.Select(row => show(row, shard)));
            }
            catch (TidelineException away)
            {
                leftOut.Add($"Shard {shard} is left out: {away.Message}");
            }
        }

        return new SagaPage<T>(found, leftOut.Count == 0 ? null : string.Join(' ', leftOut));
    }
}
