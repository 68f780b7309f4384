using Tideline.Cache;
using Tideline.Engines.Cache.Memory;
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Log.Sqlite;
using Tideline.Engines.Views.Sqlite;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Engines;

/// <summary>SQLite in the data folder, and memory for the cache.</summary>
internal sealed class EmbeddedEngines(NodeOptions options) : IEngineSet
{
    // The store's lock keeps every other process out of the whole folder.
    public Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel) => Task.FromResult<ILedgerStore>(SqliteLedgerStore.Open(options.DataDirectory, options.Shards));

    public Task<ILog> OpenLogAsync(int shards, CancellationToken cancel) => Task.FromResult<ILog>(SqliteLog.Open(options.DataDirectory, options.Time));

    public Task<IViewStore> OpenViewsAsync(CancellationToken cancel) => Task.FromResult<IViewStore>(SqliteViewStore.Open(options.DataDirectory));

    public Task<ICache> OpenCacheAsync(CancellationToken cancel) => Task.FromResult<ICache>(new MemoryCache(options.Time));
}
