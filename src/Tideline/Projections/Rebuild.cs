using System.Text.Json;
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
///  3 compare  every customer document, at equal clocks
///  4 switch   projector paused: level exactly, compare what was in motion, switch, keep the old version
/// </code>
/// A crash before the switch leaves the live version as it was.
/// </summary>
public sealed partial class Rebuild : IAsyncDisposable
{
    private const string StateName = "views.rebuild";

    private readonly Projector _projector;
    private readonly DeadLetters _letters;
    private readonly GeneralLedger _ledger;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private Task _background = Task.CompletedTask;

    internal Rebuild(Projector projector, DeadLetters letters, GeneralLedger ledger, IViewStore views, TimeProvider time, ILogger logger) =>
        (_projector, _letters, _ledger, _views, _time, _logger) = (projector, letters, ledger, views, time, logger);

    /// <summary>How far the rebuild is, or how the last one ended.</summary>
    public RebuildStatus Status { get; private set; } = RebuildStatus.Idle;

    /// <summary>Begins a rebuild and returns; <see cref="Status"/> tells how it goes.</summary>
    /// <exception cref="TidelineException">InvalidInput: one is under way.</exception>
    public void Start(bool force)
    {
        if (!_background.IsCompleted || _one.CurrentCount == 0) throw UnderWay();
        _background = Task.Run(() => RunInBackgroundAsync(force));
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
            var version = await BeginAsync(cancel);
            var names = new ViewNames(version);
            var catchUp = new ViewCatchUp(_ledger, _views, names);
            Status = RebuildStatus.Idle with { Phase = "building", Version = version };

            // :: 2 build
            await LevelAsync(catchUp, Limits.RebuildCatchUpEvents, cancel);

            // :: 3 compare
            var comparison = new ViewComparison(_views, _projector.Names, names, _letters, DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime));
            Status = Status with { Phase = "comparing" };
            await comparison.CompareAllAsync(cancel);
            await LevelAsync(catchUp, Limits.RebuildCatchUpEvents, cancel);
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
            await comparison.CompareMovingAsync(cancel);
            Status = Status with
            {
                Compared = comparison.Compared,
                Differing = comparison.Differing,
                Blocked = comparison.Blocked,
                DifferingIds = comparison.DifferingIds,
            };
            var active = _projector.Active;
            if (comparison.Differing > 0 && !force && active.Schema == Fold.SchemaVersion)
            {
                await catchUp.Names.DropAsync(_views, _projector.Shards, cancel);
                await _views.SetStateAsync(StateName, null, cancel);
                return Status = Status with { Phase = "refused", Message = $"{comparison.Differing} documents differ from the live version, which stays. Force the switch to take the rebuilt ones." };
            }

            await _projector.SwitchAsync(new ActiveViews(catchUp.Names.Version, active.Version, Fold.SchemaVersion), cancel);
            await SettleAsync(catchUp, cancel);
            if (active.Previous is { } oldest) await new ViewNames(oldest).DropAsync(_views, _projector.Shards, cancel);
            await _views.SetStateAsync(StateName, null, cancel);
            return Status = Status with { Phase = "switched", Message = $"Version {catchUp.Names.Version} answers; version {active.Version} is kept." };
        }
        finally
        {
            _projector.Gate.Release();
        }
    }

    // What waited for the live version is in the rebuilt documents, if the fold can take it now.
    private async Task SettleAsync(ViewCatchUp catchUp, CancellationToken cancel)
    {
        foreach (var key in _letters.KeysNow().Where(key => !catchUp.DeadKeys.Contains(key)))
            await _letters.SettleAsync(key, await _letters.ShowAsync(key, cancel), null, cancel);
    }

    private async Task<int> BeginAsync(CancellationToken cancel)
    {
        var active = _projector.Active;
        var kept = await _views.GetStateAsync(StateName, cancel) is { } json ? JsonSerializer.Deserialize(json, ViewJson.Default.RebuildState) : null;
        var version = Math.Max(active.Version, active.Previous ?? 0) + 1;
        if (kept?.Version == version && kept.Schema == Fold.SchemaVersion) return version;
        var names = new ViewNames(version);
        // Collections that an older fold began are of no use.
        await names.DropAsync(_views, _projector.Shards, cancel);
        await names.EnsureAsync(_views, cancel);
        var state = new RebuildState(version, Fold.SchemaVersion, _time.NowUs());
        await _views.SetStateAsync(StateName, JsonSerializer.SerializeToUtf8Bytes(state, ViewJson.Default.RebuildState), cancel);
        return version;
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
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            RebuildFailed(_logger, fault);
            Status = Status with { Phase = "failed", Message = fault.Message };
        }
    }

    private static TidelineException UnderWay() => new(ErrorCode.InvalidInput, "A rebuild is under way.");

    [LoggerMessage(Level = LogLevel.Error, Message = "The rebuild of the views failed; the live version is as it was.")]
    private static partial void RebuildFailed(ILogger logger, Exception fault);
}
