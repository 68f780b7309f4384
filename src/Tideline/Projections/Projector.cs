using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Builds the documents of one projection from <c>account.events</c>, exactly once by position and by document clock.
/// Several run side by side, on one read of the log. One pass:
/// <code>
///  1 read     a batch per shard after the watermark; seq = last + 1 or the shard stops
///  2 fold     in memory, over cached documents; what cannot be folded is dead
///  3 dead     dead events → dead letter topic, before the watermark passes them
///  4 write    documents (guarded), then watermarks; a lost guard: read anew, fold anew
///  5 announce from what was last announced to the watermark, where the projection does
///  6 commit   the group's offsets, as far as all projections are
/// </code>
/// A crash between any two repeats work without repeating effects. What fails, fails alone: after a fault each shard
/// goes through the steps by itself until all do again, and a document that nothing can be folded into stops its own
/// customer. Of several processes the one that owns shard 0 does this; the others follow its watermarks. Should two
/// believe it, documents are guarded by their revisions, and states and watermarks by the epoch of ownership.
/// </summary>
public sealed partial class Projector : IAsyncDisposable
{
    private readonly GeneralLedger _ledger;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ShardProgress[] _shards;
    private readonly ProjectionFeed _feed;
    private readonly ViewProgressPublisher? _publisher;
    private readonly DeadLetterQueue _dead;
    private readonly CancellationTokenSource _stop = new();
    private volatile ViewApplier _applier;
    private readonly BackgroundLoop _loop;
    private readonly ViewTakeover _takeover;
    private readonly VersionUpkeep _upkeep;
    private readonly BatchApplier _batches;
    private bool _areAlone;

    private Projector(
        ProjectionDefinition definition, ProjectionFeed feed, ProjectionPlace place, ILogger logger,
        DeadLetterQueue dead)
    {
        (Definition, _feed, _ledger, _views, _time) = (definition, feed, place.Ledger, place.Views, place.Time);
        (_logger, _dead, Active) = (logger, dead, ActiveViews.None);
        _shards = [.. Enumerable.Range(0, _ledger.Map.Shards)
            .Select(shard => new ShardProgress(definition.Name, shard, _ledger, _time))];
        _loop = new BackgroundLoop($"projector of {definition.Name}", RoundAsync, TimeSpan.Zero, _time, logger);
        if (definition.Announcement is { } announcement)
            _publisher = new ViewProgressPublisher(definition.Name, announcement, _ledger, place.Log, _time);
        _takeover = new ViewTakeover(definition, _ledger, _views, _publisher, _shards, logger);
        _upkeep = new VersionUpkeep(this, _views, _time, logger);
        _batches = new BatchApplier(_views, dead);
        _applier = ApplierOf(ActiveViews.None);
        feed.Add(this);
    }

    /// <summary>Why it could not be opened at the start; null when it could.</summary>
    internal ExceptionDispatchInfo? OpenFault { get; private set; }

    /// <summary>What it builds.</summary>
    public ProjectionDefinition Definition { get; }

    /// <summary>The version of the views that is kept up to date and answers reads.</summary>
    public ActiveViews Active { get; private set; }

    /// <summary>The collections of the active version.</summary>
    public ViewNames Names => _applier.Names;

    /// <summary>Whether a version answers still, after all that was read before.</summary>
    internal bool IsActive(ViewNames names)
    {
        Volatile.ReadBarrier();
        return ReferenceEquals(names, Names);
    }

    /// <summary>Held by whoever changes documents out of order: a pass, a replay, a switch of versions.</summary>
    internal SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>The folding of the active version; only under <see cref="Gate"/>.</summary>
    internal ViewApplier Applier => _applier;

    internal int Shards => _shards.Length;

    /// <summary>Whether this process builds the views.</summary>
    internal bool IsBuilder => _ledger.Owns(0);

    /// <summary>The epoch of ownership in which this process builds the views; 0 while it does not.</summary>
    internal long Epoch => _takeover.Epoch;

    /// <summary>Whose events cannot be folded.</summary>
    internal DeadLetterQueue Dead => _dead;

    /// <summary>What somebody broke of the states of the views; null when nothing is known to be.</summary>
    internal string? StateFault { get; private set; }

    /// <summary>The last position of a shard that is wholly in the views, durably.</summary>
    public long Watermark(int shard) => _shards[shard].Watermark.Seq;

    /// <summary>Completes when the views hold a position, or when the time is over.</summary>
    /// <returns>Whether they hold it.</returns>
    public Task<bool> WaitForAsync(int shard, long seq, TimeSpan timeout, CancellationToken cancel) =>
        _shards[shard].WaitForAsync(seq, timeout, cancel);

    /// <summary>How far the views are, shard by shard.</summary>
    public IReadOnlyList<ProjectionStatus> Status() =>
        [.. _shards.Select(shard => shard.Status(Active.Version, _dead.BlockedKeys))];

    /// <summary>The largest lag of all shards: how stale a document may be.</summary>
    public double LagMs() => _shards.Max(shard => shard.LagMs());

    internal static async Task<Projector> CreateAsync(
        ProjectionDefinition definition, ProjectionFeed feed, ProjectionPlace place, ILogger logger,
        DeadLetterQueue dead, CancellationToken cancel)
    {
        var projector = new Projector(definition, feed, place, logger, dead);
        try
        {
            var epoch = place.Ledger.OwnedEpoch(0);
            await (epoch == 0 ? projector.FollowAsync(cancel) : projector.TakeOverAsync(epoch, cancel));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            // The others begin; the loop tries this one again.
            PassFailed(logger, definition.Name, fault);
            projector.OpenFault = ExceptionDispatchInfo.Capture(fault);
            foreach (var shard in projector._shards) shard.Fault = fault.Message;
        }

        return projector;
    }

    /// <exception cref="TidelineException">NotOwner: another process builds the views.</exception>
    internal void RequireBuilder()
    {
        if (!IsBuilder) throw new TidelineException(
            ErrorCode.NotOwner, $"The process that owns shard 0 builds the views; ask it. {_ledger.WhyNotOwner(0)}");
    }

    /// <summary>As <see cref="ViewTakeover.FenceAsync"/>; only under <see cref="Gate"/>.</summary>
    internal Task FenceAsync(IReadOnlyList<int> of, CancellationToken cancel) =>
        _takeover.FenceAsync(Names, of, cancel);

    /// <summary>Why the loop does not do its work; null while it does.</summary>
    public string? Fault => _loop.Fault;

    internal void Start() => _loop.Start();

    /// <summary>One pass over all shards.</summary>
    /// <returns>How many events it took; 0 when there was nothing to do.</returns>
    internal async Task<int> PassAsync(CancellationToken cancel)
    {
        await Gate.WaitAsync(cancel);
        try
        {
            try
            {
                if (!_areAlone) return await PassAsync(_shards, cancel);
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                PassFailed(_logger, Definition.Name, fault);
                _areAlone = true;
            }

            return await PassAloneAsync(cancel);
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>Notes something else of the same active version, durably; only under <see cref="Gate"/>.</summary>
    /// <exception cref="TidelineException">NotOwner: another process builds the views.</exception>
    internal async Task SaveAsync(ActiveViews active, CancellationToken cancel)
    {
        await _takeover.StoreAsync(active, _takeover.Epoch, cancel);
        Active = active;
    }

    /// <summary>
    /// Makes another version answer; only under <see cref="Gate"/>, with both at the same watermarks.
    /// </summary>
    /// <param name="epoch">The epoch in which it was built.</param>
    /// <exception cref="TidelineException">NotOwner: another process builds the views since.</exception>
    internal async Task SwitchAsync(int version, long epoch, CancellationToken cancel)
    {
        // A shard whose place is not known has no watermark to be level with.
        if (Array.Exists(_shards, shard => !shard.IsLoaded)) throw new TidelineException(
            ErrorCode.StorageUnavailable,
            $"This process does not know yet how far the views of {Definition.Name} are. Try again.");
        var active = new ActiveViews(
            version, Active.Version, Definition.SchemaVersion, Math.Max(version, Active.Latest), Active.Epoch,
            Active.Installation, _time.NowUs());
        await _takeover.StoreAsync(active, epoch, cancel);
        (_applier, Active, StateFault) = (ApplierOf(active), active, null);
        await _upkeep.PublishAsync(Names, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.DisposeAsync();
        _stop.Dispose();
        Gate.Dispose();
    }

    private ViewApplier ApplierOf(ActiveViews active) =>
        new(_views, new ViewNames(Definition, active.Version), new DocumentCache(ProjectionLimits.CacheDocuments));

    private async Task<int> PassAloneAsync(CancellationToken cancel)
    {
        var (taken, areWell) = (0, true);
        foreach (var shard in _shards)
        {
            if (shard.FailedAt is { } failedAt
                && _time.GetElapsedTime(failedAt).TotalMilliseconds < ProjectionLimits.FaultRestMs)
            {
                areWell = false;
                continue;
            }

            try
            {
                taken += await PassAsync([shard], cancel);
                areWell &= shard.Reading is null;
                shard.FailedAt = null;
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                if (shard.Fault != fault.Message) ShardFailed(_logger, Definition.Name, shard.Shard, fault);
                (shard.Fault, shard.FailedAt, areWell) = (fault.Message, _time.GetTimestamp(), false);
                // Somebody may have taken away a collection, or all of the store.
                if (fault is TidelineException { Code: ErrorCode.NotFound }) await MendCollectionsAsync(cancel);
            }
        }

        _areAlone = !areWell;
        return taken;
    }

    private async Task<int> PassAsync(IReadOnlyList<ShardProgress> shards, CancellationToken cancel)
    {
        // :: 1 read
        var events = new List<ProjectedEvent>();
        var moves = new List<WatermarkMove>();
        foreach (var shard in shards)
        {
            if (!shard.IsLoaded) await _takeover.PositionAsync(shard, Names, cancel);
            if (await _feed.ReadAsync(shard, _areAlone, _stop.Token, cancel) is not { } read) continue;
            if (read.Fault is { } fault && shard.Fault != fault) ShardStopped(_logger, Definition.Name, fault);
            if (shard.Take(read) is not { } reached) continue;
            events.AddRange(read.Events);
            moves.Add(new WatermarkMove(Names.Projection, shard.Shard, reached, _takeover.Epoch, shard.Watermark.Seq));
        }

        // :: 2, 3, 4
        if (moves.Count > 0) await _batches.ApplyAsync(_applier, events, moves, cancel);
        foreach (var move in moves) _shards[move.Shard].MoveTo(move.Watermark);
        // :: 5, 6 neither needs the other, and each may have to wait for another broker
        await Task.WhenAll(
            _publisher?.AnnounceAsync(shards, cancel) ?? Task.CompletedTask, _feed.CommitAsync(shards, cancel));
        return events.Count;
    }

    // Another process built the views until now: nothing that this one remembers counts, and what that one still writes
    // is refused from now on.
    private async Task TakeOverAsync(long epoch, CancellationToken cancel)
    {
        await Gate.WaitAsync(cancel);
        try
        {
            _takeover.Epoch = epoch;
            _feed.Begin(epoch);
            var hasLost = await _dead.HasLostLettersAsync(cancel);
            (var claimed, StateFault) = await _takeover.ClaimActiveAsync(Active.Latest, hasLost, cancel);
            var active = await _takeover.EnsureAsync(claimed, cancel);
            // The places of the same version are not worse known than before.
            if (active.Version != Active.Version) ForgetPlaces();
            await BeginAsync(active, cancel);
        }
        catch
        {
            // Half taken over is not taken over.
            _takeover.Epoch = 0;
            throw;
        }
        finally
        {
            Gate.Release();
        }
    }

    // Before another version is active: a read takes the names first, and never sees the watermarks of another version
    // with them.
    private void ForgetPlaces() => Array.ForEach(_shards, shard => shard.Reset());

    // Builds on a version from where it stands.
    private async Task BeginAsync(ActiveViews active, CancellationToken cancel)
    {
        Activate(active);
        await _upkeep.PublishAsync(Names, cancel);
        var isAnew = await _takeover.IsAnewAsync(Names, cancel);
        await _takeover.ClaimAsync(mine => new ValueTask(_dead.TakeOverAsync(mine, isAnew, cancel)), cancel);
        await _takeover.PositionAllAsync(Names, cancel);
    }

    private void Activate(ActiveViews active) => (_applier, Active) = (ApplierOf(active), active);

    /// <summary>Another version in place of one that the store has lost; only under <see cref="Gate"/>.</summary>
    internal async Task MendLostAsync(CancellationToken cancel)
    {
        if (await _takeover.IsLostAsync(Names, cancel)) await MendCollectionsAsync(cancel);
    }

    private async Task MendCollectionsAsync(CancellationToken cancel)
    {
        try
        {
            var active = await _takeover.EnsureAsync(await _takeover.ReplaceLostAsync(Active, cancel), cancel);
            ForgetPlaces();
            await BeginAsync(active, cancel);
        }
        catch
        {
            // The store may name another version than this process knows: it takes over again.
            _takeover.Epoch = 0;
            throw;
        }
    }

    /// <summary>One look at what the builder of the views, another process, has done.</summary>
    internal async Task FollowAsync(CancellationToken cancel)
    {
        _takeover.Epoch = 0;
        var active = await ActiveViews.LoadAsync(_views, Definition, cancel) ?? ActiveViews.None;
        var projection = new ViewNames(Definition, active.Version).Projection;
        var watermarks = new Watermark[_shards.Length];
        for (var shard = 0; shard < watermarks.Length; shard++)
            watermarks[shard] = await _views.GetWatermarkAsync(projection, shard, cancel);
        // In this order: whoever is blocked by an event at or before these watermarks is known when they are believed,
        // and whom a switch healed is not released before the version that holds what was missing answers.
        var release = await _dead.FollowAsync(cancel);
        if ((await ActiveViews.LoadAsync(_views, Definition, cancel) ?? ActiveViews.None).Version != active.Version)
            return;
        if (active.Version != Active.Version)
        {
            ForgetPlaces();
            Activate(active);
        }

        release?.Invoke();
        (Active, StateFault) = (active, active.Version != 0
            ? null : $"The active version of {Definition.Name} cannot be read; the owner of shard 0 repairs it.");
        foreach (var shard in _shards) await shard.FollowAsync(watermarks[shard.Shard], cancel);
    }

    private async Task RoundAsync(CancellationToken cancel)
    {
        try
        {
            var (epoch, began) = (_ledger.OwnedEpoch(0), _time.GetTimestamp());
            if (epoch == 0)
            {
                await FollowAsync(cancel);
                await Task.Delay(TimeSpan.FromMilliseconds(ViewLimits.ProjectionPollMs), _time, cancel);
            }
            else if (epoch != _takeover.Epoch) await TakeOverAsync(epoch, cancel);
            else
            {
                await _upkeep.LookAsync(cancel);
                await _feed.RestAsync(_shards, await PassAsync(cancel), _time.GetElapsedTime(began), cancel);
            }
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            // It shows until a pass goes through. What the failed pass had read is read again.
            foreach (var shard in _shards) shard.Fault = fault.Message;
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A pass of {Projection} failed; it is retried.")]
    private static partial void PassFailed(ILogger logger, string projection, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Projection} failed on shard {Shard}; the other shards continue, and it is retried.")]
    private static partial void ShardFailed(ILogger logger, string projection, int shard, Exception fault);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Projection} has stopped on a shard. {Fault}")]
    private static partial void ShardStopped(ILogger logger, string projection, string fault);
}
