namespace Tideline.Kernel;

/// <content>Limits of what the gateway takes and of how long it waits.</content>
public static partial class Limits
{
    /// <summary>Longest request line: path and query, bytes.</summary>
    public const int RequestLineBytes = 8 * 1024;

    /// <summary>Header fields of one request, and their bytes with names.</summary>
    public const int HeaderFields = 100, HeaderBytes = 32 * 1024;

    /// <summary>
    /// Bytes and fields of a request's head that are read at all: up to them what is too large is answered with a
    /// problem, beyond them with the status alone.
    /// </summary>
    public const int HeadReadBytes = 256 * 1024, HeadReadFields = 1_000;

    /// <summary>How long the head of a request may take to arrive, milliseconds.</summary>
    public const int HeadReadMs = 10_000;

    /// <summary>
    /// Bytes a second that a body must arrive with on average, and after how long that is asked for, milliseconds. A
    /// batch has <see cref="BatchStillMs"/> instead.
    /// </summary>
    public const int BodyBytesPerSecond = 16 * 1024, BodyGraceMs = 5_000;

    /// <summary>Connections at once; more are closed as they come.</summary>
    public const int Connections = 10_000;

    /// <summary>Deepest nesting of a JSON body. The bodies of all routes are flat.</summary>
    public const int JsonDepth = 8;

    /// <summary>
    /// How long a command is waited for, milliseconds. It is not cancelled then: the answer says that its fate is not
    /// known, and the same key finds out.
    /// </summary>
    public const int CommandAnswerMs = 4_000;

    /// <summary>Lines of one NDJSON batch, and batches at once.</summary>
    public const int BatchLines = 1_000_000, Batches = 32;

    /// <summary>
    /// Answers of a batch that its client has not read yet, bytes. At the limit no further lines are read.
    /// </summary>
    public const int BatchUnreadBytes = 16 * 1024 * 1024;

    /// <summary>
    /// How long nothing may move in a batch, neither a line in nor an answer out, milliseconds. Then no more lines are
    /// read; after as long again the connection is closed.
    /// </summary>
    public const int BatchStillMs = 30_000;
}
