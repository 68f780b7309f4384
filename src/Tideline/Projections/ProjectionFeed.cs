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

    /// <summary>As <see cref="ReadAsync"/>; a shard whose log or ledger cannot be read stands still with its fault, and
    /// no other does.</summary>
    public async Task<Watermark?> TryReadAsync(
        ShardProgress shard, List<ProjectedEvent> events, CancellationToken cancel)
    {
        var first = events.Count;
        try
        {
            return await ReadAsync(shard, events, cancel);
        }
        catch (TidelineException fault)
        {
            events.RemoveRange(first, events.Count - first);
            Stop(shard, fault.Message);
            shard.Rewind();
            return null;
        }
    }

    /// <summary>Appends the shard's next events; null when there are none, else the watermark that they reach.</summary>
    public async Task<Watermark?> ReadAsync(ShardProgress shard, List<ProjectedEvent> events, CancellationToken cancel)
    {
        var records = await log.ReadAsync(Topics.AccountEvents, shard.Shard, shard.Offset, Limits.EventBatch, cancel);
        // What a restore left behind on the log is passed over, as if it had never been written.
        var next = records.FirstOrDefault(record => !IsLeftBehind(record));
        var reached = shard.Watermark;
        if (!shard.IsPositioned && (next is null || next.SourceSeq > reached.Seq + 1))
        {
            return await BridgeAsync(shard, events, next?.SourceSeq ?? long.MaxValue, cancel);
        }

        if (records.Count == 0)
        {
            shard.Fault = null;
            return null;
        }

        shard.IsPositioned = true;
        var first = events.Count;
        foreach (var record in records)
        {
            if (record.SourceSeq <= reached.Seq || IsLeftBehind(record)) continue;
            if (record.SourceSeq != reached.Seq + 1)
            {
                events.RemoveRange(first, events.Count - first);
                Stop(shard, $"The log of shard {shard.Shard} goes from {reached.Seq} to {record.SourceSeq}: an event was lost.");
                return null;
            }

            reached = new Watermark(record.SourceSeq, record.TimeUs);
            events.Add(ProjectedEvent.From(record));
        }

        shard.Fault = null;
        shard.Offset = records[^1].Offset;
        if (events.Count == first) return null;
        shard.Began(events[first].Event.Position.Seq, events[first].Event.TimeUs);
        return reached;
    }

    /// <summary>Completes when any shard has something to read, or after a while.</summary>
    public async Task WaitAsync(ShardProgress[] shards, CancellationToken cancel)
    {
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var timeout = TimeSpan.FromMilliseconds(Limits.ProjectionPollMs);
        var waits = Array.ConvertAll(shards, shard => log.WaitAsync(Topics.AccountEvents, shard.Shard, shard.Offset, timeout, any.Token).AsTask());
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
                // Whoever reads the shard next meets the same, and says it. Until then it must not be asked without a
                // rest.
                await Task.Delay(timeout, time, cancel);
            }
        }

        foreach (var shard in shards) shard.LagMs();
    }

    // Views that are younger than what the log still holds catch up from the ledger, which keeps every event.
    private async Task<Watermark?> BridgeAsync(ShardProgress shard, List<ProjectedEvent> events, long untilSeq, CancellationToken cancel)
    {
        var reached = shard.Watermark;
        var limit = (int)Math.Min(Limits.EventBatch, untilSeq - 1 - reached.Seq);
        shard.Fault = null;
        foreach (var happened in await ledger.Reader(shard.Shard).GetEventsAsync(reached.Seq, limit, cancel))
        {
            if (happened.Position.Seq != reached.Seq + 1)
            {
                Stop(shard, $"The ledger of shard {shard.Shard} goes from {reached.Seq} to {happened.Position.Seq}: an event was lost.");
                return null;
            }

            if (reached == shard.Watermark) shard.Began(happened.Position.Seq, happened.TimeUs);
            reached = new Watermark(happened.Position.Seq, happened.TimeUs);
            events.Add(ProjectedEvent.From(happened));
        }

        if (reached != shard.Watermark) return reached;
        // Nothing between the views and what comes next on the log.
        shard.IsPositioned = true;
        return null;
    }

    private bool IsLeftBehind(LogRecord record) => _sources.IsLeftBehind(ShardStream.Events, record.Source, record.SourceSeq);

    private void Stop(ShardProgress shard, string fault)
    {
        if (shard.Fault != fault) ShardStopped(logger, fault);
        shard.Fault = fault;
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The views of a shard stand still. {Fault}")]
    private static partial void ShardStopped(ILogger logger, string fault);
}
