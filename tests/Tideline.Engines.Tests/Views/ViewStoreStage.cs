using System.Globalization;
using System.Text;
using System.Text.Json;
using Tideline.Views;

namespace Tideline.Engines.Tests.Views;

/// <summary>Where the stores of one test come from: data of its own, gone at its end.</summary>
public interface IViewStoreSource : IAsyncDisposable
{
    /// <summary>Opens the store; again, on the same data.</summary>
    ValueTask<IViewStore> OpenAsync();

    /// <summary>Opens a store on other data whose change log keeps only so many.</summary>
    ValueTask<IViewStore> OpenShortLogAsync(int keptChanges);
}

/// <summary>A store with two collections, and short words for what tests do to it.</summary>
public abstract class ViewStoreStage<TSource> : IAsyncLifetime
    where TSource : IViewStoreSource, new()
{
    private protected static readonly CollectionDefinition People = new(
        "people_v1", [["email"], ["city", "age"]], LogChanges: true);
    private protected static readonly CollectionDefinition Notes = new("notes_v1", [], LogChanges: false);
    private protected static readonly CollectionDefinition Moves = new(
        "moves_v1", [["owner", "day"]], LogChanges: false)
    {
        Fields =
        [
            new FieldType("owner", FieldKind.Id),
            new FieldType("day", FieldKind.Day),
            new FieldType("amountMinor", FieldKind.AmountMinor),
            new FieldType("atUs", FieldKind.TimeUs),
            new FieldType("booked", FieldKind.Time, ExactUs: "bookedUs"),
            new FieldType("time", FieldKind.Time),
            new FieldType("data", FieldKind.Bytes),
            new FieldType("parts.*.inMinor", FieldKind.AmountMinor),
            new FieldType("list.id", FieldKind.Id),
        ],
    };
    private protected static readonly Dictionary<string, object?> NoIndexes = [];

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected TSource Source { get; } = new();

    private protected IViewStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await OpenAsync();
        await Store.EnsureCollectionAsync(People, Cancel);
        await Store.EnsureCollectionAsync(Notes, Cancel);
        await Store.EnsureCollectionAsync(Moves, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (Store is not null) await Store.DisposeAsync();
        await Source.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task OpenAsync() => Store = await Source.OpenAsync();

    private protected static DocumentWrite Person(
        string id, long expected, long revision, string city = "Oslo", long age = 30) => new(
        id, expected, revision, Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $$"""{"city":"{{city}}","age":{{age}},"email":"{{id}}@x"}""")),
        new Dictionary<string, object?> { ["city"] = city, ["age"] = age, ["email"] = $"{id}@x" });

    private protected static DocumentWrite Note(string id) => new(id, 0, 1, "{}"u8.ToArray(), NoIndexes);

    private protected static DocumentWrite Gone(string id, long expected) =>
        new(id, expected, expected + 1, null, NoIndexes);

    private protected static DocumentQuery Query(string city, bool descending, (object, string)? after, int limit) =>
        new(
        People.Name,
        new Dictionary<string, object> { ["city"] = city }, "age", null, null, descending, [], null, after, limit);

    private protected static long AgeOf(Document document) =>
        JsonDocument.Parse(document.Json).RootElement.GetProperty("age").GetInt64();

    private protected async Task<bool> WriteAsync(DocumentWrite write) =>
        (await Store.WriteAsync(People.Name, [write], Cancel))[0];

    private protected async Task<IEnumerable<string>> QueryAsync(string city) =>
        (await Store.QueryAsync(Query(city, false, null, 10), Cancel)).Select(document => document.Id);
}
