namespace Tideline.Kernel;

/// <content>Limits of the view tier and of the cache before it.</content>
public static partial class Limits
{
    /// <summary>How far behind the ledger the views may be before <c>/health/fresh</c> answers 503,
    /// milliseconds.</summary>
    public const int ViewsBehindMs = 5_000;

    /// <summary>Changes kept in the change log of the view tier; a reader further behind must resync.</summary>
    public const int ChangeLogEntries = 1_000_000;

    /// <summary>Connections that read the view store at once; more open and close.</summary>
    public const int ViewReaders = 16;

    /// <summary>Documents of one page that the program asks of the view store.</summary>
    public const int ViewQueryDocuments = 10_000;

    /// <summary>Largest document that MongoDB stores, bytes.</summary>
    public const int ViewDocumentBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Largest document of a projection, bytes of JSON: in MongoDB it has at most twice as many, which is less than
    /// <see cref="ViewDocumentBytes"/>. The events of one that would be larger wait as dead letters.
    /// </summary>
    public const int ProjectedDocumentBytes = 6 * 1024 * 1024;

    /// <summary>Longest key of a document that an operator may name.</summary>
    public const int DocumentKeyCharacters = 200;

    /// <summary>How long the version that a rebuild replaced is kept, hours: followers of its changes have so long to
    /// go over to the next one.</summary>
    public const int ViewVersionKeptHours = 24;

    /// <summary>How often it is looked whether a replaced version is due to be dropped, milliseconds.</summary>
    public const int ViewUpkeepMs = 60_000;

    /// <summary>How often damaged documents are looked at again, milliseconds.</summary>
    public const int DamageLookIntervalMs = 60_000;

    /// <summary>Damaged documents of the views that a process remembers by name.</summary>
    public const int DamagedDocuments = 1_000;

    /// <summary>Documents that one bulk write to MongoDB carries.</summary>
    public const int ViewBulkWrites = 5_000;

    /// <summary>
    /// How long a call waits for a MongoDB server that can answer, and for a line to it, milliseconds.
    /// </summary>
    public const int ViewConnectMs = 5_000;

    /// <summary>How long a line to MongoDB may be silent within a call, milliseconds.</summary>
    public const int ViewSocketMs = 10_000;

    /// <summary>How long MongoDB may work on one read, milliseconds.</summary>
    public const int ViewReadMs = 5_000;

    /// <summary>How long a majority may take to acknowledge a write before it is asked again, milliseconds.</summary>
    public const int ViewMajorityMs = 5_000;

    /// <summary>
    /// How long a write to MongoDB is repeated until a majority has it, milliseconds: longer than an election takes.
    /// </summary>
    public const int ViewWriteMs = 15_000;

    /// <summary>Between two attempts of a write to MongoDB, milliseconds.</summary>
    public const int ViewRetryMs = 100;

    /// <summary>
    /// How far behind the primary a server may be that answers eventual reads, seconds: the least that MongoDB lets one
    /// ask for.
    /// </summary>
    public const int NearestStalenessSeconds = 90;

    /// <summary>Change streams that stay open between two calls; a consumer beyond them opens its own anew.</summary>
    public const int ViewChangeStreams = 16;

    /// <summary>
    /// How often the engine looks how far the oplog reaches behind the consumers of changes, milliseconds.
    /// </summary>
    public const int OplogCheckMs = 60_000;

    /// <summary>Less oplog than this behind a consumer is an alarm, minutes.</summary>
    public const int OplogWindowMinutes = 60;

    /// <summary>
    /// How often a follower of changes that has nothing to do is given a newer token to keep, milliseconds.
    /// </summary>
    public const int ChangeTokenRefreshMs = 60_000;

    /// <summary>Documents that a projector keeps parsed.</summary>
    public const int ProjectionCacheDocuments = 16_384;

    /// <summary>Days that <c>last_30_days</c> covers: today (UTC) and those before it.</summary>
    public const int ActivityDays = 30;

    /// <summary>Documents rewritten by one step of the aging pass.</summary>
    public const int AgingDocuments = 500;

    /// <summary>How often the aging pass looks for documents whose oldest day left the window, milliseconds.</summary>
    public const int AgingIntervalMs = 60_000;

    /// <summary>How long the projector waits for news before it looks again, milliseconds.</summary>
    public const int ProjectionPollMs = 50;

    /// <summary>How long the projector rests after a fault of the storage or the log, milliseconds.</summary>
    public const int ProjectionFaultRestMs = 500;

    /// <summary>How often a projection batch is folded anew because somebody else wrote its documents.</summary>
    public const int ProjectionGuardRetries = 8;

    /// <summary>Events the rebuilt views may be behind before the live projector is paused for the switch.</summary>
    public const int RebuildCatchUpEvents = 5_000;

    /// <summary>
    /// How long a cached document lives, milliseconds: the most by which a cache that lost an invalidation can make an
    /// eventual read older.
    /// </summary>
    public const int CacheEntryMs = 10_000;

    /// <summary>How long who finds nothing in the cache may take to fill it, milliseconds.</summary>
    public const int CacheLeaseMs = 1_000;

    /// <summary>
    /// How long a read or a fill waits for the cache, milliseconds; the views answer sooner than a cache that is
    /// slower.
    /// </summary>
    public const int CacheReadMs = 5;

    /// <summary>How long an invalidation waits for the cache, milliseconds.</summary>
    public const int CacheInvalidationMs = 1_000;

    /// <summary>Invalidations under way at once: reads wait behind them.</summary>
    public const int CacheInvalidationsInFlight = 100;

    /// <summary>Failures of the cache, one after the other, after which reads stay away from it.</summary>
    public const int CacheFailures = 10;

    /// <summary>
    /// How long reads stay away from a cache that fails before one of them tries it again, milliseconds.
    /// </summary>
    public const int CacheAwayMs = 1_000;

    /// <summary>
    /// How long a start waits for a connection to the cache, milliseconds; without one it goes on and connects later.
    /// </summary>
    public const int CacheConnectMs = 1_000;

    /// <summary>Largest cached value, bytes; a larger one is read from the views each time.</summary>
    public const int CacheValueBytes = 256 * 1024;

    /// <summary>Entries of a cache in memory.</summary>
    public const int MemoryCacheEntries = 65_536;

    /// <summary>Size of a cache in memory, bytes.</summary>
    public const int MemoryCacheBytes = 64 * 1024 * 1024;
}
