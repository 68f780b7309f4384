using Tideline.Ledger;
using Tideline.Log;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Node;

/// <summary>Opens a node's engines, one per role. The caller disposes them.</summary>
internal interface IEngineSet
{
    /// <summary>The strong tier; migrates its tables to the present version.</summary>
    Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel);

    /// <summary>The bus, with a partition per shard.</summary>
    Task<ILog> OpenLogAsync(int shards, CancellationToken cancel);

    /// <summary>The view tier.</summary>
    Task<IViewStore> OpenViewsAsync(CancellationToken cancel);

    /// <summary>The cache.</summary>
    Task<ICache> OpenCacheAsync(CancellationToken cancel);
}
