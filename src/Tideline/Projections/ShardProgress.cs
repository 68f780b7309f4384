using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>Where a projection stands on one shard; watermarks move only when they are durable.</summary>
internal sealed class ShardProgress(string projection, int shard, GeneralLedger ledger, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiters = new();
    private Watermark _watermark;
    private long _movedAt = time.GetTimestamp();
    private long _idleAtUs;
    private (long Seq, long TimeUs) _firstPending;
    private long? _aheadAt;

    public int Shard => shard;

    /// <summary>The position up to which the documents were announced, and the source of announcements.</summary>
    public (long ThroughSeq, CountedSource Source) Announced { get; set; }

    /// <summary>Whether the ledger was read to its end since the start: see <see cref="ShardFeed"/>.</summary>
    public bool IsLedgerRead { get; set; }

    /// <summary>What stops the shard; null while nothing does.</summary>
    public string? Fault { get; set; }

    /// <summary>Whether the store and the log said where it stands; until then nothing is projected.</summary>
    public bool IsLoaded { get; set; }

    /// <summary>
    /// Whether this process has announced nothing of the shard yet: the process before it may still do so.
    /// </summary>
    public bool IsAnnouncementFirst { get; set; }

    /// <summary>
    /// Whether what was last announced is to be asked of the log again: an append failed, or was the first.
    /// </summary>
    public bool IsAnnouncementUnsure { get; set; }

    /// <summary>A read that is under way.</summary>
    public Task<FeedRead>? Reading { get; set; }

    /// <summary>When the shard failed alone; it rests a while then.</summary>
    public long? FailedAt { get; set; }

    public Watermark Watermark
    {
        get
        {
            lock (_lock) return _watermark;
        }
    }

    /// <summary>Notes the first event of the batch in work: its time is the honest age of what is missing.</summary>
    public void Began(long seq, long timeUs)
    {
        lock (_lock) _firstPending = (seq, timeUs);
    }

    /// <summary>Takes what was read; null when there is nothing to reach by it.</summary>
    public Watermark? Take(FeedRead read)
    {
        // Read before the shard was positioned anew.
        if (read.From != Watermark) return null;
        (Fault, IsLedgerRead) = (read.Fault, IsLedgerRead || read.IsLedgerRead);
        if (read.Events.Count == 0) return null;
        Began(read.Events[0].Event.Position.Seq, read.Events[0].Event.TimeUs);
        return read.Reached;
    }

    /// <summary>Nothing is known of where the shard stands: another version answers.</summary>
    public void Reset()
    {
        lock (_lock) (_watermark, _firstPending, _idleAtUs, _movedAt) = (default, default, 0, time.GetTimestamp());
    }

    /// <summary>Sets the durable watermark and lets go whoever waited for it.</summary>
    public void MoveTo(Watermark watermark)
    {
        lock (_lock)
        {
            // What is missing again was once there: that time tells nothing of it.
            if (watermark.Seq < _watermark.Seq) _idleAtUs = 0;
            _watermark = watermark;
            _movedAt = time.GetTimestamp();
            while (_waiters.TryPeek(out var waiter, out var seq) && seq <= watermark.Seq)
            {
                _waiters.Dequeue();
                waiter.TrySetResult();
            }
        }
    }

    /// <summary>
    /// Where the shard stands at the start: the watermark, and the age of what it has not seen, which may be
    /// everything. Without it, the lag of views that were lost would count from no time at all.
    /// </summary>
    public async Task LoadAsync(Watermark watermark, CancellationToken cancel)
    {
        MoveTo(watermark);
        LagMs();
        if (watermark.Seq >= ledger.CommittedHead(shard).EventSeq) return;
        if (await ledger.RawReader(shard).GetEventsAsync(watermark.Seq, 1, cancel) is [var first])
            Began(first.Position.Seq, first.TimeUs);
    }

    /// <summary>Takes the watermark that another process set, unless the ledger says that it cannot be.</summary>
    public async Task FollowAsync(Watermark watermark, CancellationToken cancel)
    {
        Fault = null;
        if (watermark.Seq > ledger.CommittedHead(shard).EventSeq)
        {
            await ledger.LookAsync(shard, cancel);
            if (ledger.CommittedHead(shard).EventSeq is var head && watermark.Seq > head)
            {
                Fault = $"The views stand at {shard}:{watermark.Seq}, but the newest event of the ledger is " +
                    $"{shard}:{head}.";
                watermark = default;
            }
        }

        await LoadAsync(watermark, cancel);
    }

    public async Task<bool> WaitForAsync(long seq, TimeSpan timeout, CancellationToken cancel)
    {
        TaskCompletionSource waiter;
        lock (_lock)
        {
            if (_watermark.Seq >= seq) return true;
            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(waiter, seq);
        }

        try
        {
            await waiter.Task.WaitAsync(timeout, time, cancel);
            return true;
        }
        catch (TimeoutException)
        {
            return Watermark.Seq >= seq;
        }
        finally
        {
            if (!waiter.Task.IsCompleted) Forget(waiter);
        }
    }

    /// <summary>
    /// Milliseconds since the first event not applied was committed, rounded up: commits within one microsecond get
    /// different times. Where none is known, since none could be that is not: 0 for a shard of this process.
    /// <see cref="double.PositiveInfinity"/>: the figures contradict each other, so the lag is not known.
    /// </summary>
    public double LagMs()
    {
        // In this order: what is committed later is not claimed.
        var now = ledger.NowUs(shard);
        var knownUs = Math.Min(now, ledger.KnownUs(shard));
        var head = ledger.CommittedHead(shard);
        lock (_lock)
        {
            if (IsAhead(head.EventSeq)) return AheadMs();
            if (_watermark.Seq >= head.EventSeq)
            {
                _idleAtUs = Math.Max(_idleAtUs, knownUs);
                return (now - knownUs) / 1_000.0;
            }

            // The event after the watermark was committed after the watermark's own, and after the last moment when
            // none was missing.
            var since = _firstPending.Seq == _watermark.Seq + 1
                ? _firstPending.TimeUs
                : Math.Max(_watermark.TimeUs, _idleAtUs);
            // Later than the head that was read above.
            now = ledger.NowUs(shard);
            if (since <= now) return Math.Ceiling((now - since) / 1_000.0);
            // The owner's clock may be ahead of this process's by so much, and no more.
            return since - now <= Limits.ClockApartMs * 1_000L ? Limits.ClockApartMs : double.PositiveInfinity;
        }
    }

    // Views that hold more than their ledger.
    private bool IsAhead(long headSeq)
    {
        if (!ledger.Owns(shard) || _watermark.Seq <= headSeq) _aheadAt = null;
        else _aheadAt ??= time.GetTimestamp();
        return _aheadAt is not null;
    }

    // For a moment they may: a commit reaches readers before it is noted here.
    private double AheadMs()
    {
        var aheadMs = time.GetElapsedTime(_aheadAt!.Value).TotalMilliseconds;
        return aheadMs <= ProjectionLimits.FrozenWatermarkMs ? aheadMs : double.PositiveInfinity;
    }

    public ProjectionStatus Status(int viewVersion, int blockedKeys)
    {
        var lag = LagMs();
        var head = ledger.CommittedHead(shard).EventSeq;
        lock (_lock)
        {
            var missing = Math.Max(0, head - _watermark.Seq);
            var stoodMs = time.GetElapsedTime(_movedAt).TotalMilliseconds;
            var standsStill = missing > 0 && lag > ProjectionLimits.FrozenWatermarkMs
                && stoodMs > ProjectionLimits.FrozenWatermarkMs;
            var fault = Fault ?? (double.IsFinite(lag) ? null : Contradiction(head));
            var isHealthy = fault is null && !standsStill;
            return new ProjectionStatus(
                projection, shard, viewVersion, _watermark.Seq, _watermark.TimeUs, head, missing, lag, isHealthy, fault,
                blockedKeys);
        }
    }

    private string Contradiction(long head) => _watermark.Seq > head
        ? $"{projection} holds event {_watermark.Seq} of shard {shard}, whose ledger ends at {head}: "
            + "they are of another history. Rebuild them."
        : $"The next event for the views of shard {shard} is of a time that lies ahead: "
            + "the clocks of two processes are far apart.";

    // Under load a session read that gave up must not stay in the queue until the watermark reaches it.
    private void Forget(TaskCompletionSource waiter)
    {
        lock (_lock) _waiters.Remove(waiter, out _, out _);
    }
}
