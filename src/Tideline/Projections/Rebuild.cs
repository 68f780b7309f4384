using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Builds the next version of the views beside the live one, from the events of the ledger, while traffic runs:
/// <code>
///  1 begin    the next version's collections; or go on with one that a restart interrupted
///  2 build    fold the ledger's events until nearly level with the live watermarks
///  3 compare  every document: customers at equal clocks, transactions and events as they are
///  4 switch   projector paused: level exactly, compare what was in motion, switch, keep the old version
/// </code>
/// A crash before the switch leaves the live version as it was.
/// </summary>
public sealed partial class Rebuild : IAsyncDisposable
{
    private readonly Projector _projector;
    private readonly DeadLetters _letters;
    private readonly GeneralLedger _ledger;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RebuildVersion _version;
    private readonly Lock _starting = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private Task _background = Task.CompletedTask;

    internal Rebuild(Projector projector, DeadLetters letters, GeneralLedger ledger, IViewStore views, TimeProvider time, ILogger logger) =>
        (_projector, _letters, _ledger, _views, _time, _logger, _version) = (projector, letters, ledger, views, time, logger, new RebuildVersion(views, projector.Shards, time));

    /// <summary>How far the rebuild is, or how the last one ended.</summary>
    public RebuildStatus Status { get; private set; } = RebuildStatus.Idle;

    /// <summary>Begins a rebuild and returns; <see cref="Status"/> tells how it goes.</summary>
    /// <exception cref="TidelineException">InvalidInput: one is under way.</exception>
    public void Start(bool force)
    {
        lock (_starting)
        {
            if (!_background.IsCompleted || _one.CurrentCount == 0) throw UnderWay();
            // Whoever asks at once sees this rebuild, not the end of the one before.
            Status = RebuildStatus.Idle with { Phase = "building" };
            _background = Task.Run(() => RunInBackgroundAsync(force));
        }
    }

    /// <summary>
    /// Rebuilds and switches. Refuses to switch, and drops what was built, when documents differ, unless <paramref name="force"/> or the fold is another than the one
    /// that built the live version.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: one is under way.</exception>
    public async Task<RebuildStatus> RunAsync(bool force, CancellationToken cancel)
    {
        if (!_one.Wait(0, CancellationToken.None)) throw UnderWay();
        try
        {
            // :: 1 begin
            var names = await _version.BeginAsync(_projector.Active, cancel);
            var catchUp = new ViewCatchUp(_ledger, _views, names);
            Status = RebuildStatus.Idle with { Phase = "building", Version = names.Version };

            // :: 2 build
            await LevelAsync(catchUp, Limits.RebuildCatchUpEvents, cancel);

            // :: 3 compare
            var comparison = new ViewComparison(_views, _projector.Names, names, _letters, DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime));
            Status = Status with { Phase = "comparing" };
            await comparison.CompareAllAsync(() => Status = Status with { Collections = comparison.Results }, cancel);
            catchUp.Folded = comparison.CompareFoldedAsync;
            await LevelAsync(catchUp, Limits.RebuildCatchUpEvents, cancel);
            // Most of what was in motion has come to rest; only the remainder is left for the pause.
            await comparison.CompareMovingAsync(isStill: false, cancel);
            return await SwitchAsync(catchUp, comparison, force, cancel);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Makes the version that was kept answer again, after it caught up; the present one is kept in its place.</summary>
    /// <exception cref="TidelineException">NotFound: no version was kept. InvalidInput: a rebuild is under way.</exception>
    public async Task RollBackAsync(CancellationToken cancel)
    {
        if (!_one.Wait(0, CancellationToken.None)) throw UnderWay();
        try
        {
            var previous = _projector.Active.Previous ?? throw new TidelineException(ErrorCode.NotFound, "No earlier version of the views is kept.");
            var catchUp = new ViewCatchUp(_ledger, _views, new ViewNames(previous));
            await LevelAsync(catchUp, Limits.RebuildCatchUpEvents, cancel);
            await _projector.Gate.WaitAsync(cancel);
            try
            {
                await LevelAsync(catchUp, 0, cancel);
                await _projector.SwitchAsync(new ActiveViews(previous, _projector.Active.Version, Fold.SchemaVersion), cancel);
            }
            finally
            {
                _projector.Gate.Release();
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _background;
        _stop.Dispose();
        _one.Dispose();
    }

    private async Task<RebuildStatus> SwitchAsync(ViewCatchUp catchUp, ViewComparison comparison, bool force, CancellationToken cancel)
    {
        // :: 4 switch
        await _projector.Gate.WaitAsync(cancel);
        try
        {
            await LevelAsync(catchUp, 0, cancel);
            await comparison.CompareMovingAsync(isStill: true, cancel);
            Status = Status with { Collections = comparison.Results };
            var active = _projector.Active;
            if (Status.Differing > 0 && !force && active.Schema == Fold.SchemaVersion)
            {
                await _version.DiscardAsync(catchUp.Names, cancel);
                return Status = Status with { Phase = "refused", Message = $"{Status.Differing} documents differ from the live version, which stays. Force the switch to take the rebuilt ones." };
            }

            await _projector.SwitchAsync(new ActiveViews(catchUp.Names.Version, active.Version, Fold.SchemaVersion), cancel);
            await SettleAsync(catchUp.Names, cancel);
            await _version.EndAsync(active.Previous, cancel);
            return Status = Status with { Phase = "switched", Message = $"Version {catchUp.Names.Version} answers; version {active.Version} is kept." };
        }
        finally
        {
            _projector.Gate.Release();
        }
    }

    // What waited for the live version is in the rebuilt documents where the fold can take it now: their clocks say so, whoever built them and when.
    private async Task SettleAsync(ViewNames built, CancellationToken cancel)
    {
        foreach (var key in _letters.KeysNow())
        {
            var waiting = await _letters.ShowAsync(key, cancel);
            var document = await _views.ReadAsync(built.Customers, [key.ToString()], cancel) is [var found] ? ViewJson.Customer(found.Json) : null;
            if (waiting.All(letter => Fold.Covers(document, letter.Event))) await _letters.SettleAsync(key, waiting, null, cancel);
        }
    }

    // Level with the live watermarks but for some events; 0 only while the projector is paused.
    private async Task LevelAsync(ViewCatchUp catchUp, long behind, CancellationToken cancel)
    {
        while (true)
        {
            long missing = 0, applied = 0, total = 0;
            for (var shard = 0; shard < _projector.Shards; shard++)
            {
                var until = _projector.Watermark(shard);
                var reached = await catchUp.StepAsync(shard, until, cancel);
                (missing, applied, total) = (missing + until - reached, applied + reached, total + until);
            }

            Status = Status with { EventsApplied = applied, EventsTotal = total };
            if (missing <= behind) return;
        }
    }

    private async Task RunInBackgroundAsync(bool force)
    {
        try
        {
            await RunAsync(force, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            RebuildFailed(_logger, fault);
            Status = Status with { Phase = "failed", Message = fault.Message };
        }
    }

    private static TidelineException UnderWay() => new(ErrorCode.InvalidInput, "A rebuild is under way.");

    [LoggerMessage(Level = LogLevel.Error, Message = "The rebuild of the views failed; the live version is as it was.")]
    private static partial void RebuildFailed(ILogger logger, Exception fault);
}
