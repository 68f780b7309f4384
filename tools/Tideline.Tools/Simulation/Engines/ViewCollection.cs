using System.Text.Json;
using Tideline.Engines.Views;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Tools.Simulation.Engines;

/// <summary>A collection on a <see cref="ViewDisk"/>, under its lock.</summary>
internal sealed class ViewCollection
{
    private readonly Dictionary<string, ViewRow> _rows = new(StringComparer.Ordinal);
    private readonly string[] _fields;
    private readonly ViewIndex[] _indexes;

    public ViewCollection(CollectionDefinition definition)
    {
        Definition = definition;
        _fields = [.. definition.Indexes.SelectMany(index => index).Distinct(StringComparer.Ordinal)];
        _indexes =
        [
            .. definition.Indexes.Append([]).Select(index => new ViewIndex(
                index, [.. index.Select(field => Array.IndexOf(_fields, field))])),
        ];
    }

    public CollectionDefinition Definition { get; }

    /// <summary>Ids, as text, of documents that no read finds.</summary>
    public SortedSet<string> Foreign { get; } = new(StringComparer.Ordinal);

    /// <summary>The ids of all documents, in order.</summary>
    public IReadOnlyList<string> Ids => [.. _rows.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether another definition makes the same collection.</summary>
    public bool IsMadeBy(CollectionDefinition other) =>
        (Definition.Name, Definition.LogChanges) == (other.Name, other.LogChanges)
        && Definition.Indexes.Count == other.Indexes.Count
        && Definition.Indexes.Zip(other.Indexes).All(pair => pair.First.SequenceEqual(pair.Second));

    public ViewRow? Get(string id) => _rows.GetValueOrDefault(id);

    /// <summary>Carries out a write if the document is at its revision.</summary>
    public bool TryWrite(DocumentWrite write)
    {
        var row = Get(write.Id);
        // One that somebody damaged has no revision that a write could expect.
        if (row?.Damage is not null || (row?.Revision ?? 0) != write.ExpectedRevision) return false;
        if (write.Json is not { } json)
        {
            if (row is null) return false;
            Put(write.Id, null);
            return true;
        }

        var values = Array.ConvertAll(
            _fields, field => IndexOrder.ValueOf(write.IndexValues.GetValueOrDefault(field)));
        Put(write.Id, new ViewRow(write.Id, write.Revision, json.ToArray(), values));
        return true;
    }

    /// <summary>Puts a document there as it is, or removes it.</summary>
    public void Put(string id, ViewRow? row)
    {
        var before = Get(id);
        foreach (var index in _indexes)
        {
            if (before is not null && row is not null && index.IsSame(before, row)) continue;
            if (before is not null) index.Remove(before);
            if (row is not null) index.Add(row);
        }

        if (row is null) _rows.Remove(id);
        else _rows[id] = row;
    }

    /// <summary>The page that a query asks for.</summary>
    /// <exception cref="TidelineException">InvalidInput: no index answers it.</exception>
    public List<Document> Find(DocumentQuery query)
    {
        var answers = CollectionRules.IndexFor(Definition, query) ?? [];
        var index = Array.Find(_indexes, index => index.Names.SequenceEqual(answers))!;
        return [.. index.Find(query).Select(id => _rows[id].Document)
            .Where(document => SubstringFilter.Passes(query, document)).Take(query.Limit)];
    }

    /// <summary>Ids of documents whose indexed values differ from the fields in their JSON.</summary>
    public IEnumerable<string> FindMisindexed() =>
        _rows.Values.Where(IsMisindexed).Select(row => row.Id).Order(StringComparer.Ordinal);

    private bool IsMisindexed(ViewRow row)
    {
        if (row.Damage is not null || _fields.Length == 0) return false;
        try
        {
            using var json = JsonDocument.Parse(row.Json);
            var document = json.RootElement;
            return _fields.Index().Any(field => !Equals(ValueIn(document, field.Item), row.Values[field.Index]));
        }
        catch (JsonException)
        {
            // What is not JSON is damage that other checks name.
            return false;
        }
    }

    private static object? ValueIn(JsonElement document, string field)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty(field, out var value)) return null;
        return value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number when value.TryGetInt64(out var number) => number,
            _ => value.GetRawText(),
        };
    }
}
