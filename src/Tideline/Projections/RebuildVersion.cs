using System.Text.Json;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>The version of the views in the making: its collections, and the note of it that lets a restart go on.</summary>
internal sealed class RebuildVersion(IViewStore views, int shards, TimeProvider time)
{
    private const string StateName = "views.rebuild";

    /// <summary>Makes the collections of the version after <paramref name="active"/>, or finds those that a restart left behind.</summary>
    public async Task<ViewNames> BeginAsync(ActiveViews active, CancellationToken cancel)
    {
        var kept = await views.GetStateAsync(StateName, cancel) is { } json ? JsonSerializer.Deserialize(json, ViewJson.Default.RebuildState) : null;
        var names = new ViewNames(Math.Max(active.Version, active.Previous ?? 0) + 1);
        if (kept?.Version == names.Version && kept.Schema == Fold.SchemaVersion) return names;
        // Collections that an older fold began are of no use.
        await names.DropAsync(views, shards, cancel);
        await names.EnsureAsync(views, cancel);
        var state = new RebuildState(names.Version, Fold.SchemaVersion, time.NowUs());
        await views.SetStateAsync(StateName, JsonSerializer.SerializeToUtf8Bytes(state, ViewJson.Default.RebuildState), cancel);
        return names;
    }

    /// <summary>Gives the version up: the next rebuild begins from nothing.</summary>
    public async Task DiscardAsync(ViewNames names, CancellationToken cancel)
    {
        await views.SetStateAsync(StateName, null, cancel);
        await names.DropAsync(views, shards, cancel);
    }

    /// <summary>The version answers now; the oldest one, if there is one, goes.</summary>
    public async Task EndAsync(int? oldest, CancellationToken cancel)
    {
        if (oldest is { } version) await new ViewNames(version).DropAsync(views, shards, cancel);
        await views.SetStateAsync(StateName, null, cancel);
    }
}
