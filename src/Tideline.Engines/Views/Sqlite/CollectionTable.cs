using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>A collection as a table: id, revision, the JSON, and a column per indexed field.</summary>
internal sealed class CollectionTable
{
    private static readonly Dictionary<string, object?> s_none = [];
    private readonly string[] _fields;
    private readonly string _insertSql;
    private readonly string _replaceJsonSql;
    private readonly string _replaceSql;
    private readonly string _deleteSql;
    private readonly string _readSql;

    public CollectionTable(CollectionDefinition definition)
    {
        CollectionRules.Check(definition);
        Definition = definition;
        _fields = definition.Indexes.SelectMany(index => index).Distinct(StringComparer.Ordinal).ToArray();
        var columns = string.Concat(_fields.Select(field => $", {Column(field)}"));
        var table = Table;
        _insertSql = $"INSERT INTO {table} (id, revision, json{columns}) VALUES (?, ?, "
            + $"?{string.Concat(_fields.Select(_ => ", ?"))}) ON CONFLICT DO NOTHING";
        _replaceJsonSql = $"UPDATE {table} SET revision = ?, json = ? WHERE id = ? AND revision = "
            + $"?{string.Concat(_fields.Select(field => $" AND {Column(field)} IS ?"))}";
        _replaceSql = $"UPDATE {table} SET revision = ?, json = "
            + $"?{string.Concat(_fields.Select(field => $", {Column(field)} = ?"))} WHERE id = ? AND revision = ?";
        _deleteSql = $"DELETE FROM {table} WHERE id = ? AND revision = ?";
        _readSql = $"SELECT id, revision, json FROM {table} WHERE id = ?";
        // SQLite sorts ties block by block, so the id need not stand in every index.
        var indexes = definition.Indexes.Select((index, at) => IndexSql(definition.Name, at, index));
        CreateSql =
            $"CREATE TABLE IF NOT EXISTS {table} (id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, json BLOB NOT " +
                "NULL" +
            $"{columns});{string.Concat(indexes)}";
        DropSql = $"DROP TABLE IF EXISTS {table};";
    }

    public CollectionDefinition Definition { get; }

    public bool LogChanges => Definition.LogChanges;

    public string CreateSql { get; }

    public string DropSql { get; }

    public string Table => $"\"c_{Definition.Name}\"";

    private string IndexSql(string name, int number, IReadOnlyList<string> fields) =>
        $"CREATE INDEX IF NOT EXISTS \"ix_{name}_{number}\" ON {Table} ({string.Join(", ", fields.Select(Column))});";

    public static string Column(string field) => $"\"f_{field}\"";

    public static void BindValue(SqliteStatement statement, object? value) => _ = value switch
    {
        null => statement.BindNull(),
        string text => statement.Bind(text),
        long number => statement.Bind(number),
        int number => statement.Bind((long)number),
        _ => throw new TidelineException(
            ErrorCode.InvalidInput, $"An indexed value is text or a whole number, not {value.GetType().Name}."),
    };

    /// <summary>The document in a row of id, revision and JSON.</summary>
    public static Document Decode(SqliteStatement row)
    {
        var (id, revision) = (row.Text(0), row.IsInteger(1) ? row.Long(1) : 0);
        return CollectionRules.IsRevision(revision)
            ? new Document(id, revision, row.Bytes(2))
            : new Document(id, 0, default, "another program wrote it: it has no revision");
    }

    /// <summary>Removes documents whatever they are.</summary>
    public void Remove(SqliteDatabase database, IReadOnlyList<string> ids)
    {
        foreach (var id in ids)
        {
            database.Prepare($"DELETE FROM {Table} WHERE id = ?").Bind(id).Run();
            if (LogChanges && database.Changes > 0)
                ChangeLog.Append(database, Definition.Name, new DocumentWrite(id, 0, 0, null, s_none));
        }
    }

    /// <summary>Ids that are not text.</summary>
    public IReadOnlyList<string> FindForeign(SqliteDatabase database, int limit)
    {
        var found = new List<string>();
        var statement = database.Prepare($"SELECT quote(id) FROM {Table} WHERE typeof(id) <> 'text' LIMIT ?")
            .Bind(limit);
        while (statement.Step()) found.Add(statement.Text(0));
        statement.Reset();
        return found;
    }

    /// <summary>Ids of documents whose columns differ from the fields in their JSON.</summary>
    public IReadOnlyList<string> FindMisindexed(SqliteDatabase database, int limit)
    {
        if (_fields.Length == 0) return [];
        var found = new List<string>();
        var differs = string.Join(
            " OR ", _fields.Select(field => $"{Column(field)} IS NOT json_extract(CAST(json AS TEXT), '$.{field}')"));
        // What is not JSON is damage that other checks name.
        var statement = database.Prepare($"SELECT id FROM {Table} WHERE typeof(id) = 'text' "
            + $"AND CASE WHEN json_valid(CAST(json AS TEXT)) THEN {differs} ELSE 0 END LIMIT ?").Bind(limit);
        while (statement.Step()) found.Add(statement.Text(0));
        statement.Reset();
        return found;
    }

    public bool Exists(SqliteDatabase database)
    {
        var statement = database.Prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
            .Bind($"c_{Definition.Name}");
        var exists = statement.Step();
        statement.Reset();
        return exists;
    }

    /// <summary>Makes the view of that name show this table's documents.</summary>
    public void Publish(SqliteDatabase database, string name)
    {
        var sql = $"CREATE VIEW \"{name}\" AS SELECT id, revision, CAST(json AS TEXT) AS json FROM {Table}";
        var statement = database.Prepare("SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ? AND sql = ?")
            .Bind(name).Bind(sql);
        var isSame = statement.Step();
        statement.Reset();
        if (!isSame) database.ExecuteScript($"DROP VIEW IF EXISTS \"{name}\"; {sql};");
    }

    public IReadOnlyList<Document> Read(SqliteDatabase database, IReadOnlyList<string> ids)
    {
        var found = new List<Document>(ids.Count);
        var statement = database.Prepare(_readSql);
        foreach (var id in ids)
        {
            statement.Bind(id);
            if (statement.Step()) found.Add(Decode(statement));
            statement.Reset();
        }

        return found;
    }

    /// <summary>Carries out guarded writes in order; answers which were applied.</summary>
    public bool[] Write(SqliteDatabase database, IReadOnlyList<DocumentWrite> writes)
    {
        var applied = new bool[writes.Count];
        for (var at = 0; at < applied.Length; at++)
        {
            var write = writes[at];
            CollectionRules.Check(write);
            applied[at] = write.Json is { } json ? Put(database, write, json.Span) : Delete(database, write);
            if (applied[at] && LogChanges) ChangeLog.Append(database, Definition.Name, write);
        }

        return applied;
    }

    private bool Put(SqliteDatabase database, DocumentWrite write, ReadOnlySpan<byte> json)
    {
        if (write.ExpectedRevision == 0)
        {
            var insert = database.Prepare(_insertSql).Bind(write.Id).Bind(write.Revision).Bind(json);
            BindFields(insert, write);
            insert.Run();
            return database.Changes == 1;
        }

        // An UPDATE that names an indexed column rewrites its index even when the value stays, so the common case names
        // none.
        var replace = database.Prepare(_replaceJsonSql)
            .Bind(write.Revision).Bind(json).Bind(write.Id).Bind(write.ExpectedRevision);
        BindFields(replace, write);
        replace.Run();
        if (database.Changes == 1) return true;
        if (_fields.Length == 0) return false;
        var full = database.Prepare(_replaceSql).Bind(write.Revision).Bind(json);
        BindFields(full, write);
        full.Bind(write.Id).Bind(write.ExpectedRevision).Run();
        return database.Changes == 1;
    }

    private bool Delete(SqliteDatabase database, DocumentWrite write)
    {
        database.Prepare(_deleteSql).Bind(write.Id).Bind(write.ExpectedRevision).Run();
        return database.Changes == 1;
    }

    private void BindFields(SqliteStatement statement, DocumentWrite write)
    {
        foreach (var field in _fields)
            BindValue(statement, write.IndexValues.TryGetValue(field, out var value) ? value : null);
    }
}
