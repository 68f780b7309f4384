using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>Reads what comes next on each shard, and stops a shard whose events do not follow each other.</summary>
internal sealed partial class ProjectionFeed(GeneralLedger ledger, ILog log, TimeProvider time, ILogger logger)
{
    private readonly SourceHistory _sources = new(ledger.Epochs);

    /// <summary>Reads the shard's next events; changes nothing, so that a read that is given up harms nobody.</summary>
    public async Task<FeedRead> ReadAsync(ShardProgress shard, CancellationToken cancel)
    {
        var (number, from, offset, isPositioned) = (shard.Shard, shard.Watermark, shard.Offset, shard.IsPositioned);
        var records = await log.ReadAsync(Topics.AccountEvents, number, offset, Limits.EventBatch, cancel);
        // What a restore left behind on the log is passed over, as if it had never been written.
        var next = records.FirstOrDefault(record => !IsLeftBehind(record));
        if (!isPositioned && (next is null || next.SourceSeq > from.Seq + 1))
            return await BridgeAsync(number, offset, from, next?.SourceSeq ?? long.MaxValue, cancel);
        if (records.Count == 0) return new FeedRead(offset, from, [], offset, from, isPositioned, null);
        var (reached, events) = (from, new List<ProjectedEvent>(records.Count));
        foreach (var record in records)
        {
            if (record.SourceSeq <= reached.Seq || IsLeftBehind(record)) continue;
            if (record.SourceSeq != reached.Seq + 1)
            {
                var fault =
                    $"The log of shard {number} goes from {reached.Seq} to {record.SourceSeq}: an event was lost.";
                return new FeedRead(offset, from, [], offset, from, true, fault);
            }

            reached = new Watermark(record.SourceSeq, record.TimeUs);
            events.Add(ProjectedEvent.From(record));
        }

        return new FeedRead(offset, from, events, records[^1].Offset, reached, true, null);
    }

    /// <summary>
    /// Takes what was read for the shard's own; answers the watermark that it reaches, null when there is none to
    /// reach.
    /// </summary>
    public Watermark? Take(ShardProgress shard, FeedRead read)
    {
        // Read before the shard was positioned anew.
        if (read.FromOffset != shard.Offset || read.From != shard.Watermark) return null;
        if (read.Fault is { } fault && shard.Fault != fault) ShardStopped(logger, fault);
        (shard.Fault, shard.IsPositioned, shard.Offset) = (read.Fault, read.IsPositioned, read.Offset);
        if (read.Events.Count == 0) return null;
        shard.Began(read.Events[0].Event.Position.Seq, read.Events[0].Event.TimeUs);
        return read.Reached;
    }

    /// <summary>Completes when any shard has something to read, or after a while.</summary>
    public async Task WaitAsync(ShardProgress[] shards, CancellationToken cancel)
    {
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var timeout = TimeSpan.FromMilliseconds(Limits.ProjectionPollMs);
        var waits = Array.ConvertAll(shards,
            shard => log.WaitAsync(Topics.AccountEvents, shard.Shard, shard.Offset, timeout, any.Token).AsTask());
        await Task.WhenAny(waits);
        await any.CancelAsync();
        foreach (var wait in waits)
        {
            try
            {
                await wait;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // Another shard was first.
                continue;
            }
            catch (TidelineException)
            {
                // The next read of this shard says what is wrong, and concerns no other. Until then it must not be
                // asked without a rest.
                await Task.Delay(timeout, time, cancel);
            }
        }

        foreach (var shard in shards) shard.LagMs();
    }

    // Views that are younger than what the log still holds catch up from the ledger, which keeps every event.
    private async Task<FeedRead> BridgeAsync(
        int shard, long offset, Watermark from, long untilSeq, CancellationToken cancel)
    {
        var (reached, events) = (from, new List<ProjectedEvent>());
        var limit = (int)Math.Min(Limits.EventBatch, untilSeq - 1 - reached.Seq);
        foreach (var happened in await ledger.RawReader(shard).GetEventsAsync(reached.Seq, limit, cancel))
        {
            if (happened.Position.Seq != reached.Seq + 1)
            {
                var fault =
                    $"The ledger of shard {shard} goes from {reached.Seq} to {happened.Position.Seq}: an event was " +
                    "lost.";
                return new FeedRead(offset, from, [], offset, from, false, fault);
            }

            reached = new Watermark(happened.Position.Seq, happened.TimeUs);
            events.Add(ProjectedEvent.From(happened));
        }

        // None: nothing is between the views and what comes next on the log.
        return new FeedRead(offset, from, events, offset, reached, events.Count == 0, null);
    }

    private bool IsLeftBehind(LogRecord record) =>
        _sources.IsLeftBehind(ShardStream.Events, record.Source, record.SourceSeq);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The views of a shard stand still. {Fault}")]
    private static partial void ShardStopped(ILogger logger, string fault);
}
