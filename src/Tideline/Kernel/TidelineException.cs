namespace Tideline.Kernel;

/// <summary>
/// The one fault of the program. A business refusal is not a fault: it is a value, <see cref="Refusal"/>.
/// </summary>
public sealed class TidelineException(ErrorCode code, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public ErrorCode Code { get; } = code;

    /// <summary>Whether one row alone is damaged, so that everything else may go on.</summary>
    public bool IsOfOneRow { get; init; }

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient => Code is ErrorCode.Overloaded or ErrorCode.StorageUnavailable or ErrorCode.ShuttingDown
        or ErrorCode.NotOwner or ErrorCode.ViewBehind or ErrorCode.ClockWrong;
}

/// <summary>Kinds of fault. The names are stable: the gateway derives problem types from them.</summary>
public enum ErrorCode
{
    /// <summary>A programming error or a broken invariant.</summary>
    Internal,

    /// <summary>The input is malformed or over a limit; nothing changed.</summary>
    InvalidInput,

    /// <summary>A bounded queue is full; nothing changed.</summary>
    Overloaded,

    /// <summary>Disk full, read-only or not answering; nothing was acknowledged.</summary>
    StorageUnavailable,

    /// <summary>What is stored contradicts itself; writes stop.</summary>
    Corrupt,

    /// <summary>The data was written by a newer version, or with other settings.</summary>
    IncompatibleData,

    /// <summary>Another process owns the data.</summary>
    AlreadyOwned,

    /// <summary>This process no longer owns the shard.</summary>
    NotOwner,

    /// <summary>The program is draining.</summary>
    ShuttingDown,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>The views have not reached what a read must see, and nothing else can answer it.</summary>
    ViewBehind,

    /// <summary>The clock of a process cannot be right, so nothing is stamped by it.</summary>
    ClockWrong,
}
