using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// The events of one shard for all projections: one read of the log, parsed once. The newest batches are kept, so that
/// projections that are nearly level share them. Whoever is further behind reads the ledger's events, which are kept
/// for ever, by itself until it is level again, and holds up nobody.
/// </summary>
internal sealed class ShardFeed(int shard, GeneralLedger ledger, ILog log, SourceHistory sources) : IDisposable
{
    /// <summary>Events of one read: the more, the fewer times a document is written that many events change.</summary>
    public const int BatchEvents = 2_000;

    // Batches kept for projections that are nearly level.
    private const int SharedBatches = 4;

    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Queue<Batch> _recent = new();
    private long? _offset;
    private long _committed;
    private Watermark? _reached;

    /// <summary>Reads what follows a watermark; changes nothing of the reader.</summary>
    /// <param name="isLedgerRead">Whether the ledger was read to its end since the reader was positioned: while the log
    /// says nothing, it need not be asked again.</param>
    public async Task<FeedRead> ReadAsync(Watermark from, bool isLedgerRead, CancellationToken cancel)
    {
        while (true)
        {
            if (Share(from) is { } shared) return shared;
            if (FirstShared() is { } first && from.Seq < first) return await FromLedgerAsync(from, first, cancel);
            await _reading.WaitAsync(cancel);
            try
            {
                // Another reader may have been faster.
                if (Share(from) is { } late) return late;
                if (FirstShared() is { } now && from.Seq < now) continue;
                var end = await NextAsync(cancel);
                if (end.Fault is { } fault) return new FeedRead(from, [], from, fault);
                if (end.HasMore) continue;
                if (FirstShared() is not null || isLedgerRead) return new FeedRead(from, [], from);
            }
            finally
            {
                _reading.Release();
            }

            // The log has nothing, and nothing that was read says where it stands: the views may be younger than what
            // it still holds.
            var read = await FromLedgerAsync(from, long.MaxValue, cancel);
            return read with { IsLedgerRead = read.Events.Count == 0 };
        }
    }

    /// <summary>
    /// The offset to wait behind for the reader of a watermark; null: there is something for it already.
    /// </summary>
    public long? WaitOffset(long seq)
    {
        lock (_lock) return _reached is { } reached && seq < reached.Seq ? null : _offset ?? 0;
    }

    /// <summary>
    /// Tells the log how far the projections are; those that are behind read the ledger, and do not count.
    /// </summary>
    /// <param name="watermarks">Of all projections, on this shard.</param>
    public async Task CommitAsync(IEnumerable<long> watermarks, CancellationToken cancel)
    {
        long done;
        lock (_lock)
        {
            if (_recent.Count == 0) return;
            var slowest = watermarks.Where(seq => seq >= _recent.Peek().From.Seq).DefaultIfEmpty().Min();
            done = _recent.Where(batch => batch.Reached.Seq <= slowest).Select(batch => batch.Offset)
                .DefaultIfEmpty().Max();
            if (done <= _committed) return;
            _committed = done;
        }

        CrashPoint.Pass("offset.commit.before");
        try
        {
            await log.CommitAsync(ProjectionFeed.Group, Topics.AccountEvents, shard, done, cancel);
        }
        catch
        {
            lock (_lock) _committed = Math.Min(_committed, done - 1);
            throw;
        }

        CrashPoint.Pass("offset.commit.after");
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    // Only while nobody else reads.
    private async Task<(bool HasMore, string? Fault)> NextAsync(CancellationToken cancel)
    {
        _offset ??= _committed = await log.GetCommittedAsync(
            ProjectionFeed.Group, Topics.AccountEvents, shard, cancel);
        var records = await log.ReadAsync(Topics.AccountEvents, shard, _offset.Value, BatchEvents, cancel);
        if (records.Count == 0) return (false, null);
        var events = new List<ProjectedEvent>(records.Count);
        Watermark? from = _reached;
        var reached = from ?? default;
        foreach (var record in records)
        {
            // What a restore left behind on the log is passed over, as if it had never been written.
            if (sources.IsLeftBehind(ShardStream.Events, record.Source, record.SourceSeq)) continue;
            if (from is null) from = reached = new Watermark(record.SourceSeq - 1, 0);
            if (record.SourceSeq <= reached.Seq) continue;
            if (record.SourceSeq != reached.Seq + 1)
                return (false, $"The log of shard {shard} goes from {reached.Seq} to {record.SourceSeq}: "
                    + "an event was lost.");
            reached = new Watermark(record.SourceSeq, record.TimeUs);
            events.Add(ProjectedEvent.From(record, sources));
        }

        lock (_lock)
        {
            _offset = records[^1].Offset;
            if (events.Count == 0) return (true, null);
            _reached = reached;
            _recent.Enqueue(new Batch(from!.Value, events, reached, _offset.Value));
            if (_recent.Count > SharedBatches) _recent.Dequeue();
        }

        return (true, null);
    }

    private FeedRead? Share(Watermark from)
    {
        lock (_lock)
        {
            foreach (var batch in _recent)
            {
                if (from.Seq < batch.From.Seq || from.Seq >= batch.Reached.Seq) continue;
                var taken = (int)(from.Seq - batch.From.Seq);
                return new FeedRead(
                    from, taken == 0 ? batch.Events : batch.Events.GetRange(taken, batch.Events.Count - taken),
                    batch.Reached);
            }

            return null;
        }
    }

    // Whoever stands before this position is behind; null while no record was read.
    private long? FirstShared()
    {
        lock (_lock) return _recent.TryPeek(out var first) ? first.From.Seq : null;
    }

    private async Task<FeedRead> FromLedgerAsync(Watermark from, long untilSeq, CancellationToken cancel)
    {
        var (reached, events) = (from, new List<ProjectedEvent>());
        var limit = (int)Math.Min(BatchEvents, untilSeq - from.Seq);
        foreach (var happened in await ledger.RawReader(shard).GetEventsAsync(from.Seq, limit, cancel))
        {
            if (happened.Position.Seq != reached.Seq + 1)
                return new FeedRead(from, [], from, $"The ledger of shard {shard} goes from {reached.Seq} to "
                    + $"{happened.Position.Seq}: an event was lost.");
            reached = new Watermark(happened.Position.Seq, happened.TimeUs);
            events.Add(ProjectedEvent.From(happened, sources));
        }

        return new FeedRead(from, events, reached);
    }

    private sealed record Batch(Watermark From, List<ProjectedEvent> Events, Watermark Reached, long Offset);
}
