using Microsoft.Extensions.Logging;

namespace Tideline.Ledger;

/// <summary>Log lines of a shard's writer.</summary>
internal static partial class ShardLog
{
    [LoggerMessage(Level = LogLevel.Error, Message =
        "Shard {Shard}: {Command} of {Subject} for {RouteId}, key {Key}, could not be executed; nothing changed.")]
    public static partial void NotCarriedOut(
        ILogger logger, int shard, string command, Guid subject, Guid routeId, Guid key, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Shard {Shard}: one of {Count} commands could not be executed; splitting the batch. {Fault}")]
    public static partial void TakenApart(ILogger logger, int shard, int count, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard}: its lease could not be renewed.")]
    public static partial void NotRenewed(ILogger logger, int shard, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message =
        "Shard {Shard}: commits fail until further notice: {Fault}")]
    public static partial void BatchesFail(ILogger logger, int shard, string fault, Exception? unexpected);

    [LoggerMessage(Level = LogLevel.Information, Message = "Shard {Shard}: commits succeed again.")]
    public static partial void BatchesPass(ILogger logger, int shard);
}
