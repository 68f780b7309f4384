using Tideline.Ledger.Installation;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// The views as a witness of how far the ledger was: a watermark says which event was applied last, and when that was
/// committed.
/// </summary>
public static class ViewWitness
{
    /// <summary>
    /// What the views saw, for <see cref="HistoryCheck"/>; read now. Views of an earlier installation epoch say
    /// nothing.
    /// </summary>
    /// <exception cref="Kernel.TidelineException">StorageUnavailable or Corrupt: the views do not answer.</exception>
    public static async Task<Witness> OfAsync(
        IViewStore views, IEnumerable<ProjectionDefinition> definitions, long epoch, int shards,
        CancellationToken cancel)
    {
        var seen = new ManifestHead?[shards];
        foreach (var definition in definitions)
        {
            if (await ActiveViews.LoadAsync(views, definition, cancel) is not { Version: > 0 } active
                || active.Epoch < epoch) continue;
            var projection = new ViewNames(definition, active.Version).Projection;
            for (var shard = 0; shard < shards; shard++)
            {
                // The projection that is furthest saw most.
                var read = await ReadAsync(views, projection, shard, cancel);
                if (read?.EventSeq >= (seen[shard]?.EventSeq ?? 0)) seen[shard] = read;
            }
        }

        return new Witness("the views", (shard, _) => ValueTask.FromResult(seen[shard]));
    }

    /// <summary>What a version of the views saw of a shard.</summary>
    internal static async ValueTask<ManifestHead?> ReadAsync(
        IViewStore views, string projection, int shard, CancellationToken cancel)
    {
        var mark = await views.GetWatermarkAsync(projection, shard, cancel);
        return new ManifestHead(shard, mark.Seq, "", 0, mark.TimeUs);
    }
}
