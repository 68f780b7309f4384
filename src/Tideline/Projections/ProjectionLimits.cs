namespace Tideline.Projections;

/// <summary>Limits of the projections. A name ends with its unit.</summary>
public static class ProjectionLimits
{
    /// <summary>How far behind the ledger the views may be before <c>/health/fresh</c> answers 503,
    /// milliseconds.</summary>
    internal const int ViewsBehindMs = 5_000;

    /// <summary>
    /// Largest document of a projection, bytes of JSON. In MongoDB it takes at most twice as many, which is less than
    /// MongoDB's own limit of 16 MiB. Events that would make a document larger wait as dead letters.
    /// </summary>
    internal const int ProjectedDocumentBytes = 6 * 1024 * 1024;

    /// <summary>How long a replaced version is kept after a rebuild, hours: the time that followers of its changes have
    /// to move to the next one.</summary>
    internal const int ViewVersionKeptHours = 24;

    /// <summary>How often the program checks whether a replaced version is due to be dropped, milliseconds.</summary>
    internal const int ViewUpkeepMs = 60_000;

    /// <summary>How often the builder of the views asks the store whether it still holds them, milliseconds.</summary>
    internal const int LossCheckMs = 1_000;

    /// <summary>How often damaged documents are checked again, milliseconds.</summary>
    internal const int DamageLookIntervalMs = 60_000;

    /// <summary>Damaged documents of the views that a process remembers by name.</summary>
    internal const int DamagedDocuments = 1_000;

    /// <summary>Parsed documents that a projector caches.</summary>
    internal const int CacheDocuments = 16_384;

    /// <summary>How long the projector rests after a fault of the view store or the log, milliseconds.</summary>
    internal const int FaultRestMs = 500;

    /// <summary>
    /// The live projector is paused for the switch once the rebuilt views are at most this many events behind.
    /// </summary>
    internal const int RebuildCatchUpEvents = 5_000;

    /// <summary>
    /// How long a projection with pending work may make no progress before it is unhealthy, milliseconds.
    /// </summary>
    internal const int FrozenWatermarkMs = 5_000;

    /// <summary>Keys of dead letters that one call replays; the answer says where to continue.</summary>
    public const int ReplayKeys = 100;
}
