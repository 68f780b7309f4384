using System.Security.Cryptography;
using Tideline.Consistency;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Node;

/// <summary>Installation epochs of either profile, while no node is running.</summary>
public static class InstallationEpochs
{
    /// <summary>
    /// Begins an epoch from the present state of the strong tier, and records it in the data folder's manifest.
    /// </summary>
    /// <returns>The epoch.</returns>
    /// <exception cref="TidelineException">
    /// NotFound: there is no data. AlreadyOwned: a node is running. Corrupt: the shards are of different moments.
    /// Otherwise as for opening the strong tier.
    /// </exception>
    public static async Task<long> BeginAsync(
        NodeOptions options, string reason, CancellationToken cancel, bool anyway = false)
    {
        if (options.Cluster is null && !Directory.Exists(Path.Combine(options.DataDirectory, SqliteLedgerStore.Folder)))
            throw new TidelineException(
                ErrorCode.NotFound, $"There is no Tideline data in {Path.GetFullPath(options.DataDirectory)}.");
        var owner = new ShardOwner(ShardOwner.ThisProcess, "", new Guid(RandomNumberGenerator.GetBytes(16)));
        IEngineSet engines = options.Cluster is { } cluster
            ? new ClusterEngines(options, cluster, owner)
            : new EmbeddedEngines(options);
        await using var store = await engines.OpenLedgerAsync(cancel);
        if (!anyway && await OneMoment.FindFaultAsync(
            store, ServiceRegistration.MakeAll(options.Services).Sagas, options.Time, cancel) is { } fault)
        {
            throw new TidelineException(
                ErrorCode.Corrupt,
                $"The shards are from different moments; no epoch was begun. {fault}{Environment.NewLine}"
                    + "Restore all of them from one backup. If there is none, use --anyway; verify then names what "
                    + "is missing.");
        }

        var seen = Manifest.Read(options.DataDirectory)?.Epoch ?? 0;
        var epoch = await EpochBeginning.RunAsync(store, reason, options.Time.GetUtcNow(), seen, cancel);
        var heads = new ManifestHead[store.Map.Shards];
        for (var shard = 0; shard < heads.Length; shard++)
        {
            await using var reader = store.OpenReader(shard);
            heads[shard] = await ManifestKeeper.HeadAsync(reader, cancel);
        }

        Directory.CreateDirectory(options.DataDirectory);
        new Manifest(store.Epochs(0)[^1].Installation, epoch, heads.Length, heads, options.Time.GetUtcNow())
            .Write(options.DataDirectory);
        return epoch;
    }
}
