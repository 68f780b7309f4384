using Microsoft.Extensions.Logging;

namespace Tideline.Ledger;

/// <summary>Log lines of a shard's writer.</summary>
internal static partial class ShardLog
{
    [LoggerMessage(Level = LogLevel.Error, Message =
        "Shard {Shard}: {Command} of {Subject} for {RouteId}, key {Key}, cannot be carried out; nothing happened.")]
    public static partial void NotCarriedOut(
        ILogger logger, int shard, string command, Guid subject, Guid routeId, Guid key, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Shard {Shard}: one of {Count} commands cannot be carried out; their batch is taken apart. {Fault}")]
    public static partial void TakenApart(ILogger logger, int shard, int count, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard}: its lease could not be renewed.")]
    public static partial void NotRenewed(ILogger logger, int shard, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard}: a batch of {Count} commands was not committed.")]
    public static partial void BatchFailed(ILogger logger, int shard, int count, Exception fault);
}
