using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// The version of the views in the making. It needs nothing of what is there: it has a number that no version ever had,
/// and begins with nothing. What an interrupted rebuild left is dropped by the next one.
/// </summary>
internal sealed class RebuildVersion(Projector projector, IViewStore views)
{
    /// <summary>Gives the number of a version to build, durably: none had it before.</summary>
    /// <exception cref="TidelineException">NotOwner: another process builds the views.</exception>
    public async Task<int> ReserveAsync(CancellationToken cancel)
    {
        await projector.Gate.WaitAsync(cancel);
        try
        {
            var versions = await ViewNames.VersionsAsync(views, projector.Definition, cancel);
            var latest = Math.Max(versions.DefaultIfEmpty().Max(), projector.Active.Latest) + 1;
            await projector.SaveAsync(projector.Active with { Latest = latest }, cancel);
            return latest;
        }
        finally
        {
            projector.Gate.Release();
        }
    }

    /// <summary>Makes the collections of a new version, and drops those that no state names.</summary>
    public async Task<ViewNames> BeginAsync(CancellationToken cancel)
    {
        var definition = projector.Definition;
        var names = new ViewNames(definition, await ReserveAsync(cancel));
        var active = projector.Active;
        foreach (var version in await ViewNames.VersionsAsync(views, definition, cancel))
        {
            // A higher number can only be of a later owner.
            if (version < names.Version && version != active.Version && version != active.Previous)
                await new ViewNames(definition, version).DropAsync(views, cancel);
        }

        await names.CreateAsync(views, projector.Shards, cancel);
        return names;
    }

    /// <summary>The version answers now; the oldest one, if there is one, goes.</summary>
    public async Task EndAsync(int? oldest, CancellationToken cancel)
    {
        if (oldest is { } version) await new ViewNames(projector.Definition, version).DropAsync(views, cancel);
    }
}
