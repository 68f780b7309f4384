namespace Tideline.Kernel;

/// <summary>
/// The program's only exception type for faults. A business refusal is not a fault but a value: <see cref="Refusal"/>.
/// </summary>
public sealed class TidelineException(ErrorCode code, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public ErrorCode Code { get; } = code;

    /// <summary>Whether only a single row is damaged, so that all other work may continue.</summary>
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

    /// <summary>The disk is full, read-only or not answering; nothing was acknowledged.</summary>
    StorageUnavailable,

    /// <summary>The stored data contradicts itself; writes stop.</summary>
    Corrupt,

    /// <summary>The data was written by a newer version, or with other settings.</summary>
    IncompatibleData,

    /// <summary>Another process owns the data.</summary>
    AlreadyOwned,

    /// <summary>This process no longer owns the shard.</summary>
    NotOwner,

    /// <summary>The program is draining.</summary>
    ShuttingDown,

    /// <summary>The thing does not exist.</summary>
    NotFound,

    /// <summary>The views have not reached what a read must see, and no other tier can answer it.</summary>
    ViewBehind,

    /// <summary>The clock of a process must be wrong, so nothing is stamped with it.</summary>
    ClockWrong,
}
