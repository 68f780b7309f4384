using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Log;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Builds the customer views from <c>account.events</c>, exactly once by position and by document clock. One pass:
/// <code>
///  1 read     a batch per shard after the log offset; seq = last + 1 or the shard stops
///  2 fold     in memory, over cached documents; what cannot be folded is dead
///  3 dead     dead events → dead letter topic, before the watermark passes them
///  4 write    documents (guarded), then watermarks; a lost guard: read anew, fold anew
///  5 announce CUSTOMER_VIEW_UPDATED from what was last announced to the watermark
///  6 commit   the group's offsets
/// </code>
/// A crash between any two repeats work without repeating effects. Of several processes the one that owns shard 0 does this; the others follow its watermarks, and should two believe
/// it, the guards of documents keep them from harm.
/// </summary>
public sealed class Projector : IAsyncDisposable
{
    /// <summary>The consumer group.</summary>
    public const string Group = "views";

    private readonly GeneralLedger _ledger;
    private readonly ILog _log;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ShardProgress[] _shards;
    private readonly ProjectionFeed _feed;
    private readonly ViewAnnouncer _announcer;
    private readonly DeadLetters _dead;
    private ViewApplier _applier;
    private readonly BackgroundLoop _loop;
    private long _epoch;

    private Projector(GeneralLedger ledger, ILog log, IViewStore views, TimeProvider time, ILogger logger, DeadLetters dead, ActiveViews active)
    {
        (_ledger, _log, _views, _time, _dead, Active) = (ledger, log, views, time, dead, active);
        _shards = [.. Enumerable.Range(0, ledger.Map.Shards).Select(shard => new ShardProgress(shard, ledger, time))];
        _feed = new ProjectionFeed(ledger, log, time, logger);
        _announcer = new ViewAnnouncer(log, time);
        _loop = new BackgroundLoop("projector of the views", RoundAsync, TimeSpan.Zero, time, logger);
        _applier = new ViewApplier(views, new ViewNames(active.Version), new DocumentCache(Limits.ProjectionCacheDocuments));
    }

    /// <summary>The version of the views that is kept up to date and answers reads.</summary>
    public ActiveViews Active { get; private set; }

    /// <summary>The collections of the active version.</summary>
    public ViewNames Names => _applier.Names;

    /// <summary>Held by whoever changes documents out of order: a pass, a replay, a switch of versions.</summary>
    internal SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>The folding of the active version; only under <see cref="Gate"/>.</summary>
    internal ViewApplier Applier => _applier;

    internal int Shards => _shards.Length;

    /// <summary>Whether this process builds the views.</summary>
    internal bool IsBuilder => _ledger.Owns(0);

    /// <summary>The last position of a shard that is wholly in the views, durably.</summary>
    public long Watermark(int shard) => _shards[shard].Watermark.Seq;

    /// <summary>Completes when the views hold a position, or when the time is over.</summary>
    /// <returns>Whether they hold it.</returns>
    public Task<bool> WaitForAsync(int shard, long seq, TimeSpan timeout, CancellationToken cancel) => _shards[shard].WaitForAsync(seq, timeout, cancel);

    /// <summary>How far the views are, shard by shard.</summary>
    public IReadOnlyList<ProjectionStatus> Status() => [.. _shards.Select(shard => shard.Status(Active.Version, _dead.BlockedKeys))];

    /// <summary>The largest lag of all shards: how stale a document may be.</summary>
    public double LagMs()
    {
        var lag = 0.0;
        foreach (var shard in _shards) lag = Math.Max(lag, shard.LagMs());
        return lag;
    }

    internal static async Task<Projector> CreateAsync(
        GeneralLedger ledger, ILog log, IViewStore views, TimeProvider time, ILogger logger, DeadLetters dead, CancellationToken cancel)
    {
        var active = await EpochSwitch.RunAsync(ledger, views, await ActiveViews.LoadAsync(views, cancel), cancel);
        var projector = new Projector(ledger, log, views, time, logger, dead, active) { _epoch = ledger.OwnedEpoch(0) };
        await projector.Names.EnsureAsync(views, cancel);
        await projector.PositionAsync(cancel);
        return projector;
    }

    /// <exception cref="TidelineException">NotOwner: another process builds the views.</exception>
    internal void RequireBuilder()
    {
        if (!IsBuilder) throw new TidelineException(ErrorCode.NotOwner, $"The process that owns shard 0 builds the views; ask it. {_ledger.WhyNotOwner(0)}");
    }

    /// <summary>What keeps the views from moving; null while nothing does.</summary>
    public string? Fault => _loop.Fault;

    internal void Start() => _loop.Start();

    /// <summary>One pass over all shards.</summary>
    /// <returns>How many events it took; 0 when there was nothing to do.</returns>
    internal async Task<int> PassAsync(CancellationToken cancel)
    {
        await Gate.WaitAsync(cancel);
        try
        {
            // :: 1 read
            var events = new List<ProjectedEvent>();
            var moves = new List<WatermarkMove>();
            foreach (var shard in _shards)
            {
                if (await _feed.TryReadAsync(shard, events, cancel) is { } reached) moves.Add(
                    new WatermarkMove(Names.Projection, shard.Shard, reached));
            }

            // :: 2, 3, 4
            if (moves.Count > 0) await ApplyAsync(events, moves, cancel);
            // :: 5, 6 neither needs the other, and each may have to wait for another broker
            await Task.WhenAll(_announcer.AnnounceAsync(_shards, cancel), CommitOffsetsAsync(cancel));
            return events.Count;
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Makes another version answer; only under <see cref="Gate"/>, with both at the same watermarks.</summary>
    internal async Task SwitchAsync(ActiveViews active, CancellationToken cancel)
    {
        await active.SaveAsync(_views, cancel);
        _applier = new ViewApplier(_views, new ViewNames(active.Version), new DocumentCache(Limits.ProjectionCacheDocuments));
        Active = active;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        Gate.Dispose();
    }

    private async Task PositionAsync(CancellationToken cancel)
    {
        foreach (var shard in _shards)
        {
            await shard.LoadAsync(await _views.GetWatermarkAsync(Names.Projection, shard.Shard, cancel), cancel);
            shard.Offset = shard.CommittedOffset = await _log.GetCommittedAsync(Group, Topics.AccountEvents, shard.Shard, cancel);
            shard.Announced = await _announcer.LastAsync(shard.Shard, cancel);
            (shard.IsPositioned, shard.Fault) = (false, null);
        }
    }

    // Another process built the views until now: nothing that this one remembers counts.
    private async Task TakeOverAsync(long epoch, CancellationToken cancel)
    {
        await Gate.WaitAsync(cancel);
        try
        {
            await ReloadActiveAsync(cancel);
            await _dead.ReloadAsync(cancel);
            await PositionAsync(cancel);
            _epoch = epoch;
        }
        finally
        {
            Gate.Release();
        }
    }

    private async Task ReloadActiveAsync(CancellationToken cancel)
    {
        Active = await ActiveViews.LoadAsync(_views, cancel);
        _applier = new ViewApplier(_views, new ViewNames(Active.Version), new DocumentCache(Limits.ProjectionCacheDocuments));
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        _epoch = 0;
        if ((await ActiveViews.LoadAsync(_views, cancel)).Version != Active.Version) await ReloadActiveAsync(cancel);
        foreach (var shard in _shards) await shard.LoadAsync(await _views.GetWatermarkAsync(Names.Projection, shard.Shard, cancel), cancel);
        await Task.Delay(TimeSpan.FromMilliseconds(Limits.ProjectionPollMs), _time, cancel);
    }

    private async Task ApplyAsync(List<ProjectedEvent> events, List<WatermarkMove> moves, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var batch = await _applier.FoldAsync(events, _dead.IsBlocked, cancel);
            if (batch.Dead.Count > 0) await _dead.AppendAsync(batch.Dead, cancel);
            CrashPoint.Pass("projection.write.before");
            var written = await _applier.WriteAsync(batch, moves, cancel);
            CrashPoint.Pass("projection.write.after");
            if (written) break;
            if (attempt == Limits.ProjectionGuardRetries)
                throw new TidelineException(ErrorCode.StorageUnavailable, "Somebody else keeps writing the documents of this batch.");
        }

        foreach (var move in moves) _shards[move.Shard].MoveTo(move.Watermark);
        CrashPoint.Pass("projection.watermark.after");
    }

    private Task CommitOffsetsAsync(CancellationToken cancel) =>
        Task.WhenAll(_shards.Where(shard => shard.Fault is null && shard.Offset != shard.CommittedOffset)
            .Select(shard => CommitOffsetAsync(shard, cancel)));

    private async Task CommitOffsetAsync(ShardProgress shard, CancellationToken cancel)
    {
        CrashPoint.Pass("offset.commit.before");
        await _log.CommitAsync(Group, Topics.AccountEvents, shard.Shard, shard.Offset, cancel);
        CrashPoint.Pass("offset.commit.after");
        shard.CommittedOffset = shard.Offset;
    }

    private async Task RoundAsync(CancellationToken cancel)
    {
        try
        {
            var epoch = _ledger.OwnedEpoch(0);
            if (epoch == 0) await FollowAsync(cancel);
            else if (epoch != _epoch) await TakeOverAsync(epoch, cancel);
            else if (await PassAsync(cancel) == 0) await _feed.WaitAsync(_shards, cancel);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            foreach (var shard in _shards)
            {
                // It shows until a pass goes through. What the failed pass had read is read again.
                shard.Fault = fault.Message;
                shard.Rewind();
            }

            throw;
        }
    }
}
