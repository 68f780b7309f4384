using System.Globalization;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// The collections of one version of a projection. Versions build beside each other and are switched whole; 0 is none.
/// </summary>
public sealed class ViewNames(ProjectionDefinition definition, int version)
{
    /// <summary>The number.</summary>
    public int Version => version;

    /// <summary>Whose collections they are.</summary>
    public ProjectionDefinition Definition => definition;

    /// <summary>The name under which this version's watermarks stand.</summary>
    public string Projection { get; } = Of(definition.Name, version);

    /// <summary>The collection of the folded documents; empty where the projection only adds rows.</summary>
    public string Documents { get; } = definition.Documents is { } documents ? Of(documents.Name, version) : "";

    /// <summary>What to make in the view store.</summary>
    public IReadOnlyList<CollectionDefinition> Definitions => [.. definition.Collections.Select(collection =>
        new CollectionDefinition(Of(collection.Name), collection.Indexes, collection.IsStreamed)
        {
            Fields = collection.Fields,
        })];

    /// <summary>The name of a collection in this version.</summary>
    public string Of(string collection) => Of(collection, version);

    /// <summary>The collection of that name in this version; null where it is none of them.</summary>
    public ViewCollection? Find(string name) =>
        definition.Collections.FirstOrDefault(collection => Of(collection.Name) == name);

    /// <summary>The versions that have collections.</summary>
    public static async Task<IReadOnlyList<int>> VersionsAsync(
        IViewStore views, ProjectionDefinition definition, CancellationToken cancel)
    {
        var versions = new SortedSet<int>();
        foreach (var name in await views.ListCollectionsAsync(cancel))
        {
            if (int.TryParse(
                name.AsSpan(name.LastIndexOf('v') + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out var version)
                && new ViewNames(definition, version).Find(name) is not null)
            {
                versions.Add(version);
            }
        }

        return [.. versions];
    }

    /// <summary>Makes the collections, or what somebody took away of them; answers whether one was not there.</summary>
    public async Task<bool> EnsureAsync(IViewStore views, CancellationToken cancel)
    {
        var isNew = false;
        foreach (var collection in Definitions) isNew |= await views.EnsureCollectionAsync(collection, cancel);
        return isNew;
    }

    /// <summary>Makes the collections, empty, of a number that is not in use.</summary>
    internal async Task CreateAsync(IViewStore views, int shards, CancellationToken cancel)
    {
        await DropAsync(views, cancel);
        for (var shard = 0; shard < shards; shard++)
            await views.SetWatermarkAsync(Projection, shard, default, ViewEpoch.Any, cancel);
        await EnsureAsync(views, cancel);
    }

    /// <summary>Drops the collections.</summary>
    internal async Task DropAsync(IViewStore views, CancellationToken cancel)
    {
        foreach (var collection in Definitions) await views.DropCollectionAsync(collection.Name, cancel);
    }

    private static string Of(string name, int version) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}_v{version}");
}
