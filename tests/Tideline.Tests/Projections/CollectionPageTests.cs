using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tideline.Kernel;
using Tideline.Log;
using Tideline.Node;
using Tideline.Projections;
using Tideline.Services.Accounts.Views;
using Tideline.Services.Archive;
using Tideline.Tests.Tidy;

namespace Tideline.Tests.Projections;

/// <summary>
/// The page of collections lists the program's own. With <c>TIDELINE_WRITE_PAGES</c> in the environment it is written.
/// </summary>
public sealed class CollectionPageTests
{
    private const string Begin = "## Fields\n\n";

    private static IEnumerable<ViewCollection> Collections =>
        BankServices.Projections.SelectMany(projection => projection.Collections);

    [Fact]
    public async Task The_page_lists_every_collection_with_its_fields_types_and_indexes()
    {
        var text = Begin + string.Join('\n', Collections.Select(Section));
        var above = await GeneratedPage.ShouldHoldAsync("collections.md", Begin, text);
        foreach (var collection in Collections) above.ShouldContain(
            $"| `{collection.Name}` |", customMessage: "The table of stable names needs a row, written by hand.");
    }

    [Fact]
    public void No_id_time_or_amount_is_left_without_a_type() => Collections
        .SelectMany(collection => FieldsOf(collection).Select(field => (collection, field)))
        .Where(one => one.field.Type is "text" or "long" or "long or decimal" && IsOfAKind(one.field.Path))
        .Select(one => $"{one.collection.Name}.{one.field.Path}").ShouldBeEmpty();

    [Fact]
    public void Every_declared_type_is_of_a_field() => Collections
        .SelectMany(collection => collection.Fields.Select(type => type.Path)
            .Where(path => !path.StartsWith("data", StringComparison.Ordinal))
            .Except(FieldsOf(collection).Select(field => field.Path)))
        .ShouldBeEmpty();

    // Where the microseconds of a time are, the time itself has the type.
    private static bool IsOfAKind(string path) => path != "bookedAtUs"
        && new[] { "Id", "Us", "At", "Minor", "Day", "Date" }.Any(end => path.EndsWith(end, StringComparison.Ordinal));

    private static string Section(ViewCollection collection)
    {
        var indexes = collection.Indexes.Select(index => string.Join(" + ", index));
        var text = new StringBuilder($"### {collection.Name}\n\n")
            .Append($"Indexes: {string.Join("; ", indexes.Prepend("_id"))}.\n\n| Field | Type |\n|---|---|\n");
        foreach (var (path, type) in FieldsOf(collection)) text.Append($"| {path} | {type} |\n");
        return text.ToString();
    }

    private static IEnumerable<(string Path, string Type)> FieldsOf(ViewCollection collection)
    {
        var fields = collection switch
        {
            DocumentCollection documents => Walk(documents.DocumentJson, ""),
            { Name: CustomersProjection.Transactions } => Walk(ViewJson.Default.TransactionDocument, ""),
            { Name: "events" } => ArchiveFields(),
            _ => throw new InvalidOperationException($"This test must be told the JSON of the rows {collection.Name}."),
        };
        var kinds = collection.Fields.ToDictionary(field => field.Path, field => $"`{field.Kind}`");
        return fields.Select(field => (field.Path, kinds.GetValueOrDefault(field.Path, field.Type)));
    }

    private static IEnumerable<(string Path, string Type)> Walk(JsonTypeInfo type, string above)
    {
        foreach (var property in type.Properties)
        {
            // Such as what is computed from other fields, and never written.
            if (property.Get is null) continue;
            var path = above + property.Name;
            var of = type.Options.GetTypeInfo(property.PropertyType);
            while (of.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary)
            {
                if (of.Kind == JsonTypeInfoKind.Dictionary) path += ".*";
                of = type.Options.GetTypeInfo(of.ElementType!);
            }

            if (of.Kind != JsonTypeInfoKind.Object) yield return (path, NameOf(of.Type));
            else foreach (var field in Walk(of, $"{path}.")) yield return field;
        }
    }

    private static string NameOf(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var whole when whole == typeof(long) || whole == typeof(int) => "long",
        var sum when sum == typeof(decimal) => "long or decimal",
        var truth when truth == typeof(bool) => "boolean",
        var any when any == typeof(JsonElement) => "document",
        _ => "text",
    };

    // Its data is that of the event.
    private static IEnumerable<(string Path, string Type)> ArchiveFields()
    {
        var happened = new LedgerEvent(
            new Position(0, 1), EventType.AccountCreated, Guid.Empty, 1, 1, "{}"u8.ToArray());
        var sources = new SourceHistory(_ => [new(1, Guid.Empty, 0, 0, 0, 0, "")]);
        var json = JsonDocument.Parse(
            ArchivedEvent.ToJson(ProjectedEvent.From(happened, sources), dataIsJson: true)).RootElement;
        return json.EnumerateObject().Select(field => (field.Name, field.Value.ValueKind switch
        {
            JsonValueKind.Number => "long",
            JsonValueKind.Object => "document: the data of the [event](events.md)",
            _ => "text",
        }));
    }
}
