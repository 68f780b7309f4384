namespace Tideline.Gateway;

/// <summary>Limits on requests, and how long the gateway waits. A name ends with its unit.</summary>
internal static class GatewayLimits
{
    /// <summary>Longest request line: path and query, bytes.</summary>
    internal const int RequestLineBytes = 8 * 1024;

    /// <summary>Header fields of one request, and their total size including names, bytes.</summary>
    internal const int HeaderFields = 100, HeaderBytes = 32 * 1024;

    /// <summary>
    /// Bytes and fields of a request's head that are read at all. Up to these, an oversized head is answered with a
    /// problem; beyond them, with the status code alone.
    /// </summary>
    internal const int HeadReadBytes = 256 * 1024, HeadReadFields = 1_000;

    /// <summary>How long the head of a request may take to arrive, milliseconds.</summary>
    internal const int HeadReadMs = 10_000;

    /// <summary>
    /// The average rate at which a body must arrive, bytes per second, and the grace period before it is enforced,
    /// milliseconds. A batch has <see cref="BatchStillMs"/> instead.
    /// </summary>
    internal const int BodyBytesPerSecond = 16 * 1024, BodyGraceMs = 5_000;

    /// <summary>Concurrent connections; further ones are closed on arrival.</summary>
    internal const int Connections = 10_000;

    /// <summary>Deepest nesting of a JSON body. The bodies of all routes are flat.</summary>
    internal const int JsonDepth = 8;

    /// <summary>Lines of one NDJSON batch, and concurrent batches.</summary>
    internal const int BatchLines = 1_000_000, Batches = 32;

    /// <summary>
    /// Answers of a batch that its client has not read yet, bytes. At this limit no more lines are read.
    /// </summary>
    internal const int BatchUnreadBytes = 16 * 1024 * 1024;

    /// <summary>
    /// How long a batch may be idle, with no line in and no answer out, milliseconds. Then no more lines are read;
    /// after the same time again the connection is closed.
    /// </summary>
    internal const int BatchStillMs = 30_000;

    /// <summary>
    /// The largest request to an owner, and the largest answer, bytes. A command takes less than 8 KiB, most of it
    /// texts.
    /// </summary>
    internal const int ForwardBodyBytes = 2 * 1024 * 1024;

    /// <summary>How long a connection to an owner may take to open, milliseconds.</summary>
    internal const int ForwardConnectMs = 500;

    /// <summary>Longest folder path in a request.</summary>
    internal const int PathCharacters = 1_024;

    /// <summary>Longest key of a document that an operator may name.</summary>
    internal const int DocumentKeyCharacters = 200;

    /// <summary>Longest customer name.</summary>
    internal const int NameCharacters = 200;

    /// <summary>Longest e-mail address (RFC 5321).</summary>
    internal const int EmailCharacters = 254;

    /// <summary>Longest idempotency key.</summary>
    internal const int IdempotencyKeyCharacters = 200;

    /// <summary>Largest body that the server reads at all, bytes; routes have their own limits.</summary>
    internal const int AnyBodyBytes = 64 * 1024 * 1024;

    /// <summary>Largest JSON body, bytes.</summary>
    internal const int BodyBytes = 64 * 1024;

    /// <summary>Largest line of an NDJSON batch, bytes.</summary>
    internal const int BatchLineBytes = 4 * 1024;

    /// <summary>Lines of one NDJSON batch in flight.</summary>
    internal const int BatchInFlight = 1_024;
}
