namespace Tideline.Queries;

/// <summary>Limits of reads. A name ends with its unit.</summary>
internal static class QueryLimits
{
    /// <summary>Concurrent invalidations: reads wait behind them.</summary>
    internal const int CacheInvalidationsInFlight = 100;

    /// <summary>Largest cached value, bytes; a larger one is read from the views each time.</summary>
    internal const int CacheValueBytes = 256 * 1024;

    /// <summary>
    /// How long a session read waits for the view before it falls through to the ledger, milliseconds.
    /// </summary>
    internal const int SessionWaitMs = 50;

    /// <summary>How long a list that only the views can answer waits for them, milliseconds; then it fails.</summary>
    internal const int ListWaitMs = 2_000;

    /// <summary>How often a list begins anew because another version of the views came to answer meanwhile.</summary>
    internal const int SwitchRetries = 3;
}
