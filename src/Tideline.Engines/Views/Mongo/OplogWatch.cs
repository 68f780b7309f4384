using Microsoft.Extensions.Logging;
using MongoDB.Driver;

namespace Tideline.Engines.Views.Mongo;

/// <summary>Looks whether the oplog reaches far enough behind those who follow the changes.</summary>
internal sealed partial class OplogWatch(MongoServer server, TimeProvider time, ILogger logger)
{
    private Oplog? _oplog;
    private long _readAt;
    private long _warnedAt;

    /// <summary>
    /// Warns, now and then, when the oplog is short behind a consumer. It is read as rarely: until then it only seems
    /// to reach further than it does.
    /// </summary>
    public async Task LookAsync(ChangeToken token, CancellationToken cancel)
    {
        if (IsDue(ref _readAt)) Volatile.Write(ref _oplog, await ReadAsync(cancel));
        if (Volatile.Read(ref _oplog)?.Behind(token) is { IsShort: true } window && IsDue(ref _warnedAt))
            WindowIsShort(logger, window.Left, window.Held);
    }

    /// <summary>How far the oplog reaches behind a token; null where the server does not show it.</summary>
    public async Task<OplogWindow?> MeasureAsync(ChangeToken token, CancellationToken cancel) =>
        (await ReadAsync(cancel))?.Behind(token);

    private async Task<Oplog?> ReadAsync(CancellationToken cancel)
    {
        try
        {
            return await Oplog.ReadAsync(server.OplogEntries, cancel);
        }
        // A router of a sharded cluster has none, and an account may not be allowed to read it.
        catch (MongoCommandException refused)
        {
            OplogIsHidden(logger, refused.Message);
            return null;
        }
        catch (Exception fault) when (MongoFaults.IsOurs(fault))
        {
            throw MongoFaults.Translate(fault);
        }
    }

    private bool IsDue(ref long doneAt)
    {
        var last = Volatile.Read(ref doneAt);
        return (last == 0 || time.GetElapsedTime(last).TotalMilliseconds >= MongoLimits.OplogCheckMs)
            && Interlocked.CompareExchange(ref doneAt, time.GetTimestamp(), last) == last;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "MongoDB's oplog reaches only {Left} behind a consumer "
        + "of changes, of {Held} that it holds. Behind its end the consumer must read everything anew: give MongoDB a "
        + "larger oplog, or the consumer more speed.")]
    private static partial void WindowIsShort(ILogger logger, TimeSpan left, TimeSpan held);

    [LoggerMessage(Level = LogLevel.Debug,
        Message = "MongoDB does not show its oplog, so how far it reaches is unknown. {Reason}")]
    private static partial void OplogIsHidden(ILogger logger, string reason);
}
