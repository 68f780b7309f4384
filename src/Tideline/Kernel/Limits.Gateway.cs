namespace Tideline.Kernel;

/// <content>Limits on requests, and how long the gateway waits.</content>
public static partial class Limits
{
    /// <summary>Longest request line: path and query, bytes.</summary>
    public const int RequestLineBytes = 8 * 1024;

    /// <summary>Header fields of one request, and their total size including names, bytes.</summary>
    public const int HeaderFields = 100, HeaderBytes = 32 * 1024;

    /// <summary>
    /// Bytes and fields of a request's head that are read at all. Up to these, an oversized head is answered with a
    /// problem; beyond them, with the status code alone.
    /// </summary>
    public const int HeadReadBytes = 256 * 1024, HeadReadFields = 1_000;

    /// <summary>How long the head of a request may take to arrive, milliseconds.</summary>
    public const int HeadReadMs = 10_000;

    /// <summary>
    /// The average rate at which a body must arrive, bytes per second, and the grace period before it is enforced,
    /// milliseconds. A batch has <see cref="BatchStillMs"/> instead.
    /// </summary>
    public const int BodyBytesPerSecond = 16 * 1024, BodyGraceMs = 5_000;

    /// <summary>Concurrent connections; further ones are closed on arrival.</summary>
    public const int Connections = 10_000;

    /// <summary>Deepest nesting of a JSON body. The bodies of all routes are flat.</summary>
    public const int JsonDepth = 8;

    /// <summary>
    /// How long a request waits for its command, milliseconds. The command is not cancelled: the answer says that its
    /// outcome is unknown, and a repeat with the same key returns it.
    /// </summary>
    public const int CommandAnswerMs = 4_000;

    /// <summary>Lines of one NDJSON batch, and concurrent batches.</summary>
    public const int BatchLines = 1_000_000, Batches = 32;

    /// <summary>
    /// Answers of a batch that its client has not read yet, bytes. At this limit no more lines are read.
    /// </summary>
    public const int BatchUnreadBytes = 16 * 1024 * 1024;

    /// <summary>
    /// How long a batch may be idle, with no line in and no answer out, milliseconds. Then no more lines are read;
    /// after the same time again the connection is closed.
    /// </summary>
    public const int BatchStillMs = 30_000;
}
