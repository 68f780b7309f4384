namespace Tideline.Kernel;

/// <content>Limits of the view tier and of its cache.</content>
public static partial class Limits
{
    /// <summary>How far behind the ledger the views may be before <c>/health/fresh</c> answers 503,
    /// milliseconds.</summary>
    public const int ViewsBehindMs = 5_000;

    /// <summary>Changes kept in the change log of the view tier; a reader that is further behind must resync.</summary>
    public const int ChangeLogEntries = 1_000_000;

    /// <summary>
    /// Read connections that the view store keeps open; beyond these, each read opens and closes its own.
    /// </summary>
    public const int ViewReaders = 16;

    /// <summary>Documents in one page that the program requests from the view store.</summary>
    public const int ViewQueryDocuments = 10_000;

    /// <summary>Largest document that MongoDB stores, bytes.</summary>
    public const int ViewDocumentBytes = 16 * 1024 * 1024;

    /// <summary>
    /// Largest document of a projection, bytes of JSON. In MongoDB it takes at most twice as many, which is less than
    /// <see cref="ViewDocumentBytes"/>. Events that would make a document larger wait as dead letters.
    /// </summary>
    public const int ProjectedDocumentBytes = 6 * 1024 * 1024;

    /// <summary>Longest key of a document that an operator may name.</summary>
    public const int DocumentKeyCharacters = 200;

    /// <summary>How long a replaced version is kept after a rebuild, hours: the time that followers of its changes have
    /// to move to the next one.</summary>
    public const int ViewVersionKeptHours = 24;

    /// <summary>How often the program checks whether a replaced version is due to be dropped, milliseconds.</summary>
    public const int ViewUpkeepMs = 60_000;

    /// <summary>How often damaged documents are checked again, milliseconds.</summary>
    public const int DamageLookIntervalMs = 60_000;

    /// <summary>Damaged documents of the views that a process remembers by name.</summary>
    public const int DamagedDocuments = 1_000;

    /// <summary>Documents that one bulk write to MongoDB carries.</summary>
    public const int ViewBulkWrites = 5_000;

    /// <summary>How long a call waits for a usable MongoDB server, and for a connection to it, milliseconds.</summary>
    public const int ViewConnectMs = 5_000;

    /// <summary>How long a connection to MongoDB may be silent during a call, milliseconds.</summary>
    public const int ViewSocketMs = 10_000;

    /// <summary>How long one read may take in MongoDB, milliseconds.</summary>
    public const int ViewReadMs = 5_000;

    /// <summary>
    /// How long a majority may take to acknowledge a write before the acknowledgement is requested again, milliseconds.
    /// </summary>
    public const int ViewMajorityMs = 5_000;

    /// <summary>
    /// How long a write to MongoDB is retried until a majority has it, milliseconds: longer than an election takes.
    /// </summary>
    public const int ViewWriteMs = 15_000;

    /// <summary>The rest between two attempts of a write to MongoDB, milliseconds.</summary>
    public const int ViewRetryMs = 100;

    /// <summary>
    /// The largest staleness of a server that answers eventual reads, seconds: the smallest value that MongoDB accepts.
    /// </summary>
    public const int NearestStalenessSeconds = 90;

    /// <summary>
    /// Change streams that stay open between two calls; further consumers reopen theirs for each call.
    /// </summary>
    public const int ViewChangeStreams = 16;

    /// <summary>
    /// How often the engine checks how far the oplog reaches back behind the consumers of changes, milliseconds.
    /// </summary>
    public const int OplogCheckMs = 60_000;

    /// <summary>An alarm is raised when less oplog than this is left behind a consumer, minutes.</summary>
    public const int OplogWindowMinutes = 60;

    /// <summary>How often an idle follower of changes receives a newer token to store, milliseconds.</summary>
    public const int ChangeTokenRefreshMs = 60_000;

    /// <summary>Parsed documents that a projector caches.</summary>
    public const int ProjectionCacheDocuments = 16_384;

    /// <summary>Days that <c>last_30_days</c> covers: today (UTC) and those before it.</summary>
    public const int ActivityDays = 30;

    /// <summary>Documents rewritten by one step of the aging pass.</summary>
    public const int AgingDocuments = 500;

    /// <summary>
    /// How often the aging pass searches for documents whose oldest day left the window, milliseconds.
    /// </summary>
    public const int AgingIntervalMs = 60_000;

    /// <summary>How long the projector waits for a signal before it polls, milliseconds.</summary>
    public const int ProjectionPollMs = 50;

    /// <summary>How long the projector rests after a fault of the view store or the log, milliseconds.</summary>
    public const int ProjectionFaultRestMs = 500;

    /// <summary>How often a projection batch is folded again because another writer changed its documents.</summary>
    public const int ProjectionGuardRetries = 8;

    /// <summary>
    /// The live projector is paused for the switch once the rebuilt views are at most this many events behind.
    /// </summary>
    public const int RebuildCatchUpEvents = 5_000;

    /// <summary>
    /// The lifetime of a cached document, milliseconds: the most by which a lost invalidation can age an eventual read.
    /// </summary>
    public const int CacheEntryMs = 10_000;

    /// <summary>How long a reader that misses the cache may take to fill it, milliseconds.</summary>
    public const int CacheLeaseMs = 1_000;

    /// <summary>
    /// How long a read or a fill waits for the cache, milliseconds. The views answer faster than a cache that needs
    /// longer.
    /// </summary>
    public const int CacheReadMs = 5;

    /// <summary>How long an invalidation waits for the cache, milliseconds.</summary>
    public const int CacheInvalidationMs = 1_000;

    /// <summary>Concurrent invalidations: reads wait behind them.</summary>
    public const int CacheInvalidationsInFlight = 100;

    /// <summary>Consecutive failures of the cache after which reads bypass it.</summary>
    public const int CacheFailures = 10;

    /// <summary>How long reads bypass a failing cache before one of them tries it again, milliseconds.</summary>
    public const int CacheAwayMs = 1_000;

    /// <summary>
    /// How long a start waits for a connection to the cache, milliseconds; then it continues and connects later.
    /// </summary>
    public const int CacheConnectMs = 1_000;

    /// <summary>Largest cached value, bytes; a larger one is read from the views each time.</summary>
    public const int CacheValueBytes = 256 * 1024;

    /// <summary>Entries of the in-memory cache.</summary>
    public const int MemoryCacheEntries = 65_536;

    /// <summary>Size of the in-memory cache, bytes.</summary>
    public const int MemoryCacheBytes = 64 * 1024 * 1024;
}
