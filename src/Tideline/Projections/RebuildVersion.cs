using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// The version of the views in the making. It needs nothing of what is there: it has a number that no version ever had,
/// and begins with nothing. What an interrupted rebuild left is dropped by the next one.
/// </summary>
internal sealed class RebuildVersion(Projector projector, IViewStore views)
{
    /// <summary>Makes the collections of a new version, and drops those that no state names.</summary>
    public async Task<ViewNames> BeginAsync(CancellationToken cancel)
    {
        var definition = projector.Definition;
        var names = new ViewNames(definition, await projector.ReserveVersionAsync(cancel));
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
