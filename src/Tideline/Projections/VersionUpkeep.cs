using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// What follows a switch of versions: the stable names, under which other programs read the collections, lead to the
/// active version, the version before it is dropped when its time is over, and one that was lost is replaced. Nothing
/// of it holds up the projection: what fails is tried again at the next look.
/// </summary>
internal sealed partial class VersionUpkeep(
    Projector projector, IViewStore views, TimeProvider time, ILogger logger)
{
    private bool _isTold;
    private bool _arePublished;
    private string? _toldFault;
    private long? _lookedAt;
    private long _askedAt;

    /// <summary>Has the stable names lead to the collections of a version.</summary>
    public async Task PublishAsync(ViewNames names, CancellationToken cancel)
    {
        _arePublished = true;
        foreach (var collection in names.Definition.Collections)
        {
            // One name that another program took holds up no other.
            try
            {
                var why = await views.PublishAsync(collection.Name, names.Of(collection.Name), cancel);
                if (why is null || _isTold) continue;
                NamesAreMissing(logger, names.Definition.Name, why);
                _isTold = true;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
            {
                _arePublished = false;
                if (IsNews(fault)) NotPublished(logger, collection.Name, fault);
            }
        }
    }

    /// <summary>Does now and then what is due.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        if (time.GetElapsedTime(_askedAt).TotalMilliseconds >= ProjectionLimits.LossCheckMs)
            await MendLostAsync(cancel);
        // Whoever reads by a stable name may read an old version until then.
        var everyMs = _arePublished ? ProjectionLimits.ViewUpkeepMs : ProjectionLimits.LossCheckMs;
        if (_lookedAt is { } last && time.GetElapsedTime(last).TotalMilliseconds < everyMs) return;
        _lookedAt = time.GetTimestamp();
        // Again, whatever is known of it: somebody may have changed it, or a process that stood still.
        // A switch meanwhile would be undone.
        await projector.Gate.WaitAsync(cancel);
        try
        {
            await PublishAsync(projector.Names, cancel);
        }
        finally
        {
            projector.Gate.Release();
        }

        if (!IsOver(projector.Active)) return;
        try
        {
            await DropPreviousAsync(cancel);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            NotDropped(logger, projector.Definition.Name, fault);
        }
    }

    // An outage is told once, and not at every look.
    private bool IsNews(Exception fault) => Interlocked.Exchange(ref _toldFault, fault.Message) != fault.Message;

    // Views that were lost come back though nothing is written that would meet the loss.
    private async Task MendLostAsync(CancellationToken cancel)
    {
        _askedAt = time.GetTimestamp();
        await projector.Gate.WaitAsync(cancel);
        try
        {
            await projector.MendLostAsync(cancel);
            _toldFault = null;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException && !cancel.IsCancellationRequested)
        {
            if (IsNews(fault)) NotAsked(logger, projector.Definition.Name, fault);
        }
        finally
        {
            projector.Gate.Release();
        }
    }

    // The state first: what it does not name, the next rebuild drops too.
    private async Task DropPreviousAsync(CancellationToken cancel)
    {
        int previous;
        await projector.Gate.WaitAsync(cancel);
        try
        {
            if (projector.Active is not { Previous: { } kept } active || !IsOver(active)) return;
            await projector.SaveAsync(active with { Previous = null, SwitchedUs = null }, cancel);
            previous = kept;
        }
        finally
        {
            projector.Gate.Release();
        }

        await new ViewNames(projector.Definition, previous).DropAsync(views, cancel);
        Dropped(logger, previous, projector.Definition.Name);
    }

    private bool IsOver(ActiveViews active) => active is { Previous: not null, SwitchedUs: { } switched }
        && time.GetUtcNow() - Clock.FromUs(switched) >= TimeSpan.FromHours(ProjectionLimits.ViewVersionKeptHours);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The view store has no stable names for the collections of {Projection}: {Reason}")]
    private static partial void NamesAreMissing(ILogger logger, string projection, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "The stable name {Name} does not lead to the active version; it is retried.")]
    private static partial void NotPublished(ILogger logger, string name, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "It is not known whether the view store still holds {Projection}; it is asked again.")]
    private static partial void NotAsked(ILogger logger, string projection, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The previous version of {Projection} could not be dropped; it is tried again.")]
    private static partial void NotDropped(ILogger logger, string projection, Exception fault);

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Version {Version} of {Projection} was dropped: its time was over.")]
    private static partial void Dropped(ILogger logger, int version, string projection);
}
