using Tideline.Ledger;
using Tideline.Log;
using Tideline.Queries;
using Tideline.Views;

namespace Tideline.Node;

/// <summary>Where a node's state is: one engine for each role. Whoever opens one ends it.</summary>
internal interface IEngineSet
{
    /// <summary>The strong tier; brings its tables up to date.</summary>
    Task<ILedgerStore> OpenLedgerAsync(CancellationToken cancel);

    /// <summary>The bus, with a partition for each shard.</summary>
    Task<ILog> OpenLogAsync(int shards, CancellationToken cancel);

    /// <summary>The view tier.</summary>
    Task<IViewStore> OpenViewsAsync(CancellationToken cancel);

    /// <summary>The cache.</summary>
    Task<ICache> OpenCacheAsync(CancellationToken cancel);
}
