using Tideline.Views;

namespace Tideline.Projections;

/// <summary>The collections of one version of the views. Versions build beside each other and are switched whole.</summary>
public sealed record ViewNames(int Version)
{
    /// <summary>One document per customer; by e-mail, and by oldest counted day for the aging pass.</summary>
    public string Customers { get; } = $"customers_v{Version}";

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

    /// <summary>Makes the collections, if they are not there.</summary>
    public async Task EnsureAsync(IViewStore views, CancellationToken cancel)
    {
        foreach (var definition in Definitions) await views.EnsureCollectionAsync(definition, cancel);
    }

    /// <summary>Drops the collections and forgets how far they were.</summary>
    public async Task DropAsync(IViewStore views, int shards, CancellationToken cancel)
    {
        for (var shard = 0; shard < shards; shard++) await views.SetWatermarkAsync(Projection, shard, default, cancel);
        foreach (var definition in Definitions) await views.DropCollectionAsync(definition.Name, cancel);
    }
}

/// <summary>Which version of the views answers, and which is kept for rollback. <paramref name="Schema"/>: the fold that built the active one.
/// <paramref name="Epoch"/>: the installation epoch in which it was held against the ledger last.</summary>
public sealed record ActiveViews(int Version, int? Previous, int Schema, int Epoch = 1)
{
    private const string StateName = "views.active";

    /// <summary>What the store says; version 1 for a new one.</summary>
    public static async ValueTask<ActiveViews> LoadAsync(IViewStore views, CancellationToken cancel) =>
        await views.GetStateAsync(StateName, cancel) is { } json
            ? System.Text.Json.JsonSerializer.Deserialize(json, ViewJson.Default.ActiveViews)!
            : new ActiveViews(1, null, Fold.SchemaVersion);

    /// <summary>Makes this the answer, durably.</summary>
    public ValueTask SaveAsync(IViewStore views, CancellationToken cancel) =>
        views.SetStateAsync(StateName, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(this, ViewJson.Default.ActiveViews), cancel);
}
