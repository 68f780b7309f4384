using Tideline.Ledger.Installation;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>The views as a witness of how far the ledger was: a watermark says which event was applied last, and when that was committed.</summary>
public static class ViewWitness
{
    /// <summary>For <see cref="HistoryCheck"/>. Views that were built in an earlier installation epoch say nothing.</summary>
    /// <exception cref="Kernel.TidelineException">StorageUnavailable or Corrupt: the views do not answer.</exception>
    public static async Task<Witness> OfAsync(IViewStore views, int epoch, CancellationToken cancel)
    {
        var active = await ActiveViews.LoadAsync(views, cancel);
        var projection = new ViewNames(active.Version).Projection;
        return new Witness("the views", async (shard, token) => active.Epoch < epoch ? null : await ReadAsync(views, projection, shard, token));
    }

    internal static async ValueTask<WitnessedHead> ReadAsync(IViewStore views, string projection, int shard, CancellationToken cancel)
    {
        var mark = await views.GetWatermarkAsync(projection, shard, cancel);
        return new WitnessedHead(mark.Seq, 0, happened => happened.TimeUs == mark.TimeUs);
    }
}
