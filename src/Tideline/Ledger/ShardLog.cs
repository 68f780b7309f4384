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

    [LoggerMessage(Level = LogLevel.Error, Message =
        "Shard {Shard}: batches of commands are not committed, until told otherwise: {Fault}")]
    public static partial void BatchesFail(ILogger logger, int shard, string fault, Exception? unexpected);

    [LoggerMessage(Level = LogLevel.Information, Message = "Shard {Shard}: batches of commands are committed again.")]
    public static partial void BatchesPass(ILogger logger, int shard);
}
