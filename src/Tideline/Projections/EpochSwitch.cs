using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Takes the views into a new installation epoch. Views that hold only what the ledger still has are kept. Others tell of what a restore
/// took back: an empty version takes their place at once, and is filled from the ledger.
/// </summary>
internal static class EpochSwitch
{
    public static async Task<ActiveViews> RunAsync(GeneralLedger ledger, IViewStore views, ActiveViews active, CancellationToken cancel)
    {
        if (active.Epoch >= ledger.InstallationEpoch || !ledger.Owns(0)) return active;
        var next = active with { Epoch = ledger.InstallationEpoch };
        if (!await AreOfThisHistoryAsync(ledger, views, active, cancel))
        {
            next = next with { Version = active.Version + 1, Previous = null };
            await new ViewNames(next.Version).DropAsync(views, ledger.Map.Shards, cancel);
        }

        await next.SaveAsync(views, cancel);
        return next;
    }

    private static ValueTask<string?> FindFaultAsync(
        GeneralLedger ledger, IViewStore views, ActiveViews active, int shard, CancellationToken cancel)
    {
        var projection = new ViewNames(active.Version).Projection;
        var witness = new Witness("the views", (of, token) => ViewWitness.ReadAsync(views, projection, of, token));
        return HistoryCheck.FindFaultAsync(ledger.Reader(shard), shard, witness, cancel);
    }

    private static async Task<bool> AreOfThisHistoryAsync(GeneralLedger ledger, IViewStore views, ActiveViews active, CancellationToken cancel)
    {
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if (await FindFaultAsync(ledger, views, active, shard, cancel) is not null) return false;
        }

        return true;
    }
}
