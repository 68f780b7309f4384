using System.Globalization;
using System.Text.Json;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Projections;

/// <summary>
/// The collections of one version of the views. Versions build beside each other and are switched whole; 0 is none.
/// </summary>
public sealed record ViewNames(int Version)
{
    private const string CustomersPrefix = "customers_v";

    /// <summary>One document per customer; by e-mail, and by oldest counted day for the aging pass.</summary>
    public string Customers { get; } = $"{CustomersPrefix}{Version}";

    /// <summary>One document per entry on a customer's account; by customer and by account, in time.</summary>
    public string Transactions { get; } = $"transactions_v{Version}";

    /// <summary>Every event in its CloudEvents form; by id.</summary>
    public string Events { get; } = $"events_v{Version}";

    /// <summary>The name under which this version's watermarks stand.</summary>
    public string Projection { get; } = $"views_v{Version}";

    /// <summary>What to make in the view store. Only customers are followed by change streams.</summary>
    public IReadOnlyList<CollectionDefinition> Definitions =>
    [
        new(Customers, [["email"], ["oldestDay"]], LogChanges: true),
        new(Transactions, [["customerId", "bookedAtUs"], ["accountId", "bookedAtUs"]], LogChanges: false),
        new(Events, [], LogChanges: false),
    ];

    /// <summary>The versions that have collections.</summary>
    public static async Task<IReadOnlyList<int>> VersionsAsync(IViewStore views, CancellationToken cancel)
    {
        var versions = new SortedSet<int>();
        foreach (var name in await views.ListCollectionsAsync(cancel))
        {
            if (int.TryParse(
                name.AsSpan(name.LastIndexOf('v') + 1), NumberStyles.None, CultureInfo.InvariantCulture,
                out var version)
                && new ViewNames(version).Definitions.Any(definition => definition.Name == name))
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
        foreach (var definition in Definitions) isNew |= await views.EnsureCollectionAsync(definition, cancel);
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
        foreach (var definition in Definitions) await views.DropCollectionAsync(definition.Name, cancel);
    }
}

/// <summary>
/// Which version of the views answers, and which is kept for rollback. <paramref name="Schema"/>: the fold that built
/// the active one. <paramref name="Latest"/>: the highest number that any version ever had; none is used twice, so that
/// whoever still works at an old one harms no new one. <paramref name="Epoch"/>: the installation epoch in which the
/// active one was held against the ledger last. <paramref name="Installation"/>: whose views they are.
/// </summary>
public sealed record ActiveViews(
    int Version, int? Previous, int Schema, int Latest, long Epoch = 1, Guid? Installation = null)
{
    private const string StateName = "views.active";

    /// <summary>What answers nothing: a process that cannot tell which version does.</summary>
    internal static ActiveViews None { get; } = new(0, null, Fold.SchemaVersion, 0);

    /// <summary>What the store says; version 1 for a new one, null where somebody broke it.</summary>
    internal static async ValueTask<ActiveViews?> LoadAsync(IViewStore views, CancellationToken cancel)
    {
        try
        {
            if (await views.GetStateAsync(StateName, cancel) is not { } json)
                return new ActiveViews(1, null, Fold.SchemaVersion, 1);
            var active = JsonSerializer.Deserialize(json, ViewJson.Default.ActiveViews);
            return active is { Version: > 0, Previous: null or > 0, Latest: > 0 and < int.MaxValue }
                && active.Version <= active.Latest ? active : null;
        }
        catch (Exception fault) when (fault is JsonException or TidelineException { Code: ErrorCode.Corrupt })
        {
            return null;
        }
    }

    /// <summary>Looks whose views a store holds.</summary>
    /// <exception cref="TidelineException">IncompatibleData: another installation's.</exception>
    public static async ValueTask RequireOwnAsync(IViewStore views, Guid installation, CancellationToken cancel)
    {
        if (await LoadAsync(views, cancel) is { Installation: { } other } && other != installation)
            throw new TidelineException(
                ErrorCode.IncompatibleData,
                $"The view tier holds the views of another installation ({other}; this one is {installation}). "
                + "Name this installation's own, or an empty one, which is filled from the ledger.");
    }

    /// <summary>Makes this the answer, durably.</summary>
    /// <exception cref="TidelineException">NotOwner: a later owner said what the answer is.</exception>
    internal ValueTask SaveAsync(IViewStore views, long epoch, CancellationToken cancel) =>
        views.SetStateAsync(
            StateName, JsonSerializer.SerializeToUtf8Bytes(this, ViewJson.Default.ActiveViews), epoch, cancel);
}
