using System.Text;
using Tideline.Engines.Sqlite;
using Tideline.Views;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>Turns a query into one statement over an index.</summary>
internal static class DocumentSearch
{
    public static IReadOnlyList<Document> Run(SqliteDatabase database, CollectionTable table, DocumentQuery query)
    {
        var statement = Bind(database.Prepare(Sql(table, query)), query);
        var found = new List<Document>();
        try
        {
            while (found.Count < query.Limit && statement.Step())
            {
                var document = CollectionTable.Decode(statement);
                if (SubstringFilter.Passes(query, document)) found.Add(document);
            }
        }
        finally
        {
            statement.Reset();
        }

        return found;
    }

    /// <summary>The statement of a query.</summary>
    public static string Sql(CollectionTable table, DocumentQuery query)
    {
        var order = query.OrderBy is { } field ? CollectionTable.Column(field) : null;
        var (comparison, direction) = query.Descending ? ("<", " DESC") : (">", "");
        var sql = new StringBuilder($"SELECT id, revision, json FROM {table.Table} WHERE typeof(id) = 'text'");
        foreach (var equal in query.Equal.Keys) sql.Append($" AND {CollectionTable.Column(equal)} = ?");
        // A document without the field has no place in its order.
        if (order is not null) sql.Append($" AND {order} IS NOT NULL");
        if (order is not null && query.From is not null) sql.Append($" AND {order} >= ?");
        if (order is not null && query.To is not null) sql.Append($" AND {order} <= ?");
        // The first term lets the index seek; the second passes the ties.
        if (query.After is not null) sql.Append(order is null ? $" AND id {comparison} ?"
            : $" AND {order} {comparison}= ? AND ({order} {comparison} ? OR id {comparison} ?)");
        return sql.Append(order is null ? $" ORDER BY id{direction}" : $" ORDER BY {order}{direction}, id{direction}")
            .ToString();
    }

    private static SqliteStatement Bind(SqliteStatement statement, DocumentQuery query)
    {
        foreach (var value in query.Equal.Values) CollectionTable.BindValue(statement, value);
        if (query.OrderBy is not null && query.From is not null) CollectionTable.BindValue(statement, query.From);
        if (query.OrderBy is not null && query.To is not null) CollectionTable.BindValue(statement, query.To);
        if (query.After is not { } after) return statement;
        if (query.OrderBy is not null)
        {
            CollectionTable.BindValue(statement, after.Value);
            CollectionTable.BindValue(statement, after.Value);
        }

        return statement.Bind(after.Id);
    }
}
