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
    public static async Task<Witness> OfAsync(IViewStore views, long epoch, int shards, CancellationToken cancel)
    {
        var active = await ActiveViews.LoadAsync(views, cancel);
        var seen = new ManifestHead?[shards];
        if (active is { Version: > 0 } && active.Epoch >= epoch)
        {
            var projection = new ViewNames(active.Version).Projection;
            for (var shard = 0; shard < shards; shard++)
                seen[shard] = await ReadAsync(views, projection, shard, cancel);
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
