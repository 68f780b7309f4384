using System.Collections.Concurrent;
using System.Text.Json;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>Which collections there are; kept in the file, read once.</summary>
internal sealed class CollectionCatalog
{
    private readonly ConcurrentDictionary<string, CollectionTable> _tables = new(StringComparer.Ordinal);

    public void Load(SqliteDatabase database)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var statement = database.Prepare("SELECT definition FROM tl_collections");
        while (statement.Step())
        {
            // One that somebody broke is made again by whoever needs the collection.
            if (Parse(statement.Text(0)) is not { } definition) continue;
            found.Add(definition.Name);
            _tables[definition.Name] = new CollectionTable(definition);
        }

        statement.Reset();
        foreach (var name in _tables.Keys.Where(name => !found.Contains(name))) _tables.TryRemove(name, out _);
    }

    /// <summary>The table of a collection.</summary>
    /// <exception cref="TidelineException">NotFound: no such collection.</exception>
    public CollectionTable Find(string name) =>
        _tables.TryGetValue(name, out var table)
            ? table
            : throw new TidelineException(ErrorCode.NotFound, $"There is no collection '{name}'.");

    public bool TryFind(string name, out CollectionTable? table) => _tables.TryGetValue(name, out table);

    public IReadOnlyList<string> Names => [.. _tables.Keys];

    /// <summary>
    /// Makes a collection, or what somebody took away of it; answers whether its table was not there.
    /// </summary>
    public bool Create(SqliteDatabase database, CollectionTable table)
    {
        var json = JsonOf(table.Definition);
        if (_tables.TryGetValue(table.Definition.Name, out var known) && JsonOf(known.Definition) != json)
        {
            throw new TidelineException(ErrorCode.IncompatibleData,
                $"The collection '{table.Definition.Name}' exists with another definition.");
        }

        var isNew = !table.Exists(database);
        database.ExecuteScript(table.CreateSql);
        database.Prepare("INSERT OR REPLACE INTO tl_collections VALUES (?, ?)").Bind(table.Definition.Name).Bind(json)
            .Run();
        _tables[table.Definition.Name] = table;
        return isNew;
    }

    public void Drop(SqliteDatabase database, string name)
    {
        if (!_tables.TryGetValue(name, out var table)) return;
        database.ExecuteScript(table.DropSql);
        database.Prepare("DELETE FROM tl_collections WHERE name = ?").Bind(name).Run();
        _tables.TryRemove(name, out _);
    }

    // SQLite has no types of its own for what is in the JSON.
    private static string JsonOf(CollectionDefinition definition) =>
        JsonSerializer.Serialize(definition with { Fields = [] }, CatalogJson.Default.CollectionDefinition);

    private static CollectionDefinition? Parse(string json)
    {
        try
        {
            var definition = JsonSerializer.Deserialize(json, CatalogJson.Default.CollectionDefinition);
            if (definition is null || definition.Name is null || definition.Indexes is null) return null;
            CollectionRules.Check(definition);
            return definition;
        }
        catch (Exception fault) when (fault is JsonException or TidelineException or ArgumentException)
        {
            return null;
        }
    }
}
