#pragma warning disable CA2000 // The caller disposes the engines: IEngineSet.
using Tideline.Engines.Backup;
using Tideline.Engines.Cache.Memory;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Views.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Log;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Node;

/// <summary>The engines of the embedded profile: SQLite in the data folder, and an in-memory cache.</summary>
internal sealed class EmbeddedEngines(NodeOptions options) : IEngineSet
{
    // Traces of an installation in its data folder other than the ledger. A folder with any of them but without a
    // ledger has lost it.
    private static readonly string[] Traces = [Manifest.FileName, "log", "views"];

    // The store's lock keeps every other process out of the whole folder.
    public Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel)
    {
        RequireNoLoss(options.DataDirectory);
        return Task.FromResult<ILedgerStore>(SqliteLedgerStore.Open(options.DataDirectory, options.Shards));
    }

    public Task<ILog> OpenLogAsync(int shards, CancellationToken cancel) =>
        Task.FromResult<ILog>(SqliteLog.Open(options.DataDirectory, options.Time));

    public Task<IViewStore> OpenViewsAsync(CancellationToken cancel) =>
        Task.FromResult<IViewStore>(SqliteViewStore.Open(options.DataDirectory));

    public Task<ICache> OpenCacheAsync(CancellationToken cancel) =>
        Task.FromResult<ICache>(new MemoryCache(options.Time));

    private static void RequireNoLoss(string data)
    {
        if (Directory.Exists(Path.Combine(data, SqliteLedgerStore.Folder))) return;
        if (Directory.Exists(Path.Combine(data, EmbeddedRestore.Staging)))
            throw new TidelineException(
                ErrorCode.Corrupt, $"A restore into {data} is incomplete. Run it again: ./tideline restore.");
        if (Traces.FirstOrDefault(name => Path.Exists(Path.Combine(data, name))) is not { } trace) return;
        throw new TidelineException(
            ErrorCode.Corrupt,
            $"{Path.Combine(data, SqliteLedgerStore.Folder)} is missing, but {trace} beside it shows that it "
            + $"existed: its acknowledged commands are lost. Put it back, or restore the data folder from a backup. "
            + $"For "
            + $"a new, empty installation, choose another folder.");
    }
}
