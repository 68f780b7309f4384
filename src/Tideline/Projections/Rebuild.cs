using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// Builds the next version of a projection beside the live one, from the events of the ledger, while traffic runs:
/// <code>
///  1 begin    collections of a number that no version ever had
///  2 build    fold the ledger's events until nearly level with the live watermarks
///  3 compare  every document at equal clocks, every row as it is
///  4 switch   projector paused: level exactly, compare what was in motion, switch, keep the old version
/// </code>
/// A crash before the switch leaves the live version as it was. A forced rebuild reads nothing of what it replaces: it
/// builds and switches.
/// </summary>
public sealed partial class Rebuild : IAsyncDisposable
{
    private readonly Projector _projector;
    private readonly DeadLetterQueue _letters;
    private readonly GeneralLedger _ledger;
    private readonly IViewStore _views;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RebuildVersion _version;
    private readonly Lock _starting = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private Task _background = Task.CompletedTask;

    private readonly SemaphoreSlim _turn;

    /// <param name="projector">What builds the live version.</param>
    /// <param name="letters">Its dead letters.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="turn">Rebuilds of several projections take turns: each reads the whole ledger.</param>
    /// <param name="logger">Gets what fails.</param>
    internal Rebuild(
        Projector projector, DeadLetterQueue letters, ProjectionPlace place, SemaphoreSlim turn, ILogger logger) =>
        (_projector, _letters, _ledger, _views, _time, _logger, _version, _turn) =
            (projector, letters, place.Ledger, place.Views, place.Time, logger,
                new RebuildVersion(projector, place.Views), turn);

    /// <summary>How far the rebuild is, or how the last one ended.</summary>
    public RebuildStatus Status { get; private set; } = RebuildStatus.Idle;

    /// <summary>Whether a rebuild could begin now.</summary>
    /// <exception cref="TidelineException">As for <see cref="Start"/>.</exception>
    public void RequireIdle()
    {
        _projector.RequireBuilder();
        lock (_starting)
        {
            if (!_background.IsCompleted || _one.CurrentCount == 0) throw UnderWay();
        }
    }

    /// <summary>Begins a rebuild and returns; <see cref="Status"/> tells how it goes.</summary>
    /// <exception cref="TidelineException">InvalidInput: one is under way. NotOwner: another process builds the
    /// views.</exception>
    public void Start(bool force)
    {
        lock (_starting)
        {
            RequireIdle();
            // Whoever asks at once sees this rebuild, not the end of the one before.
            Status = RebuildStatus.Idle with { Phase = "waiting" };
            _background = Background.Run(() => RunInBackgroundAsync(force));
        }
    }

    /// <summary>
    /// Rebuilds and switches. Refuses to switch, and drops what was built, when documents differ, unless
    /// <paramref name="force"/>. A version of another fold is never live: the start replaces it.
    /// </summary>
    /// <exception cref="TidelineException">InvalidInput: one is under way.</exception>
    public async Task<RebuildStatus> RunAsync(bool force, CancellationToken cancel)
    {
        if (!_one.Wait(0, CancellationToken.None)) throw UnderWay();
        var isMyTurn = false;
        try
        {
            _projector.RequireBuilder();
            await _turn.WaitAsync(cancel);
            isMyTurn = true;
            // :: 1 begin
            _projector.RequireBuilder();
            var epoch = _projector.Epoch;
            var names = await _version.BeginAsync(cancel);
            var catchUp = new ViewCatchUp(_ledger, _views, names, _letters);
            Status = RebuildStatus.Idle with { Phase = "building", Version = names.Version };

            // :: 2 build
            await LevelAsync(catchUp, ProjectionLimits.RebuildCatchUpEvents, cancel);

            // :: 3 compare
            var comparison = force ? null : await CompareAsync(catchUp, cancel);
            return await SwitchAsync(catchUp, comparison, epoch, cancel);
        }
        finally
        {
            if (isMyTurn) _turn.Release();
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

    private async Task<ViewComparison> CompareAsync(ViewCatchUp catchUp, CancellationToken cancel)
    {
        var comparison =
            new ViewComparison(
                _views, _projector.Names, catchUp.Names, _letters,
                DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime));
        Status = Status with { Phase = "comparing" };
        await comparison.CompareAllAsync(() => Status = Status with { Collections = comparison.Results }, cancel);
        catchUp.Folded = comparison.CompareFoldedAsync;
        await LevelAsync(catchUp, ProjectionLimits.RebuildCatchUpEvents, cancel);
        // Most of what was in motion has come to rest; only the remainder is left for the pause.
        await comparison.CompareMovingAsync(isStill: false, cancel);
        return comparison;
    }

    private async Task<RebuildStatus> SwitchAsync(
        ViewCatchUp catchUp, ViewComparison? comparison, long epoch, CancellationToken cancel)
    {
        // :: 4 switch
        await _projector.Gate.WaitAsync(cancel);
        try
        {
            await LevelAsync(catchUp, 0, cancel);
            var active = _projector.Active;
            if (comparison is not null)
            {
                await comparison.CompareMovingAsync(isStill: true, cancel);
                Status = Status with { Collections = comparison.Results };
                if (Status.Differing > 0)
                {
                    await catchUp.Names.DropAsync(_views, cancel);
                    return Status =
                        Status with
                        {
                            Phase = "refused",
                            Message =
                        $"{Status.Differing} documents differ from the live version, which stays. Force the switch " +
                        "to take the rebuilt ones."
                        };
                }
            }

            await HoldAsync(catchUp, cancel);
            await _projector.SwitchAsync(catchUp.Names.Version, epoch, cancel);
            Status = Status with
            {
                Phase = "switched",
                Message = $"Version {catchUp.Names.Version} answers; version {active.Version} is kept.",
            };
            await TidyAsync(catchUp, active.Previous, cancel);
            return Status;
        }
        finally
        {
            _projector.Gate.Release();
        }
    }

    // The switch is durable: whatever fails from here on is no failure of the rebuild, and the next one does it.
    private async Task TidyAsync(ViewCatchUp catchUp, int? oldest, CancellationToken cancel)
    {
        try
        {
            await SettleAsync(catchUp, cancel);
            await _version.EndAsync(oldest, cancel);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            NotTidied(_logger, _projector.Definition.Name, fault);
            Status = Status with
            {
                Message = $"{Status.Message} Dead letters may still be listed that it settled, and an older version "
                    + $"may still take space: {fault.Message} The next rebuild clears both.",
            };
        }
    }

    // Before the switch: a document that lacks events may not answer a read that must see them.
    private async Task HoldAsync(ViewCatchUp catchUp, CancellationToken cancel)
    {
        var unknown = catchUp.DeadKeys.Where(each => !_letters.IsBlocked(each.Key)).ToDictionary();
        if (unknown.Count > 0) await _letters.HoldAsync(unknown, cancel);
    }

    // Whoever was folded to the end waits for nothing any more; of the others, what the document holds is settled.
    private async Task SettleAsync(ViewCatchUp catchUp, CancellationToken cancel)
    {
        foreach (var key in _letters.KeysNow())
        {
            if (!catchUp.DeadKeys.ContainsKey(key)) await _letters.ReleaseAsync(key, cancel);
        }

        await _letters.HealAsync(
            key => !catchUp.DeadKeys.ContainsKey(key) && !catchUp.PassedOver.Contains(key), cancel);
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
                (missing, applied, total) =
                    (missing + Math.Max(0, until - reached), applied + reached, total + until);
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
            RebuildFailed(_logger, _projector.Definition.Name, fault);
            Status = Status with { Phase = "failed", Message = fault.Message };
        }
    }

    private TidelineException UnderWay() =>
        new(ErrorCode.InvalidInput, $"A rebuild of {_projector.Definition.Name} is already running.");

    [LoggerMessage(Level = LogLevel.Error, Message =
        "The rebuild of {Projection} failed; the live version is as it was.")]
    private static partial void RebuildFailed(ILogger logger, string projection, Exception fault);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The rebuilt {Projection} answers, but what it replaces could not be cleared; the next rebuild " +
            "does it.")]
    private static partial void NotTidied(ILogger logger, string projection, Exception fault);
}
