namespace Tideline.Engines.Views.Mongo;

/// <summary>Limits of the views in MongoDB. A name ends with its unit.</summary>
internal static class MongoLimits
{
    /// <summary>Largest document that MongoDB stores, bytes.</summary>
    internal const int DocumentBytes = 16 * 1024 * 1024;

    /// <summary>Documents that one bulk write to MongoDB carries.</summary>
    internal const int BulkWrites = 5_000;

    /// <summary>How long a call waits for a usable MongoDB server, and for a connection to it, milliseconds.</summary>
    internal const int ConnectMs = 5_000;

    /// <summary>How long a connection to MongoDB may be silent during a call, milliseconds.</summary>
    internal const int SocketMs = 10_000;

    /// <summary>How long one read may take in MongoDB, milliseconds.</summary>
    internal const int ReadMs = 5_000;

    /// <summary>
    /// How long a majority may take to acknowledge a write before the acknowledgement is requested again, milliseconds.
    /// </summary>
    internal const int MajorityMs = 5_000;

    /// <summary>
    /// How long a write to MongoDB is retried until a majority has it, milliseconds: longer than an election takes.
    /// </summary>
    internal const int WriteMs = 15_000;

    /// <summary>The rest between two attempts of a write to MongoDB, milliseconds.</summary>
    internal const int RetryMs = 100;

    /// <summary>
    /// The largest staleness of a server that answers eventual reads, seconds: the smallest value that MongoDB accepts.
    /// </summary>
    internal const int NearestStalenessSeconds = 90;

    /// <summary>
    /// Change streams that stay open between two calls; further consumers reopen theirs for each call.
    /// </summary>
    internal const int ChangeStreams = 16;

    /// <summary>
    /// How often the engine checks how far the oplog reaches back behind the consumers of changes, milliseconds.
    /// </summary>
    internal const int OplogCheckMs = 60_000;

    /// <summary>An alarm is raised when less oplog than this is left behind a consumer, minutes.</summary>
    internal const int OplogWindowMinutes = 60;
}
