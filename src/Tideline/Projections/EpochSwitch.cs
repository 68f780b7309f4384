using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Takes the views into a new installation epoch. Views that hold only what the ledger still has are kept. Others tell
/// of what a restore took back: an empty version takes their place at once, and is filled from the ledger.
/// </summary>
internal static class EpochSwitch
{
    /// <summary>The version that answers in the ledger's epoch; the same while the epoch is.</summary>
    public static async Task<ActiveViews> RunAsync(
        GeneralLedger ledger, IViewStore views, ProjectionDefinition definition, ActiveViews active,
        CancellationToken cancel)
    {
        if (active.Epoch == ledger.InstallationEpoch) return active;
        var next = active with { Epoch = ledger.InstallationEpoch };
        if (await AreOfThisHistoryAsync(ledger, views, definition, active, cancel)) return next;
        var version = Math.Max(
            active.Latest, (await ViewNames.VersionsAsync(views, definition, cancel)).DefaultIfEmpty().Max()) + 1;
        return next with { Version = version, Previous = null, Latest = version };
    }

    private static async Task<bool> AreOfThisHistoryAsync(
        GeneralLedger ledger, IViewStore views, ProjectionDefinition definition, ActiveViews active,
        CancellationToken cancel)
    {
        var projection = new ViewNames(definition, active.Version).Projection;
        var witness = new Witness("the views", (of, token) => ViewWitness.ReadAsync(views, projection, of, token));
        for (var shard = 0; shard < ledger.Map.Shards; shard++)
        {
            if (await HistoryCheck.FindFaultAsync(ledger.RawReader(shard), shard, witness, cancel) is not null)
                return false;
        }

        return true;
    }
}
