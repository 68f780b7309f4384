using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Views;

namespace Tideline.Engines.Views.Sqlite;

/// <summary>
/// What changed, in commit order. The token is the row's number: gapless, because there is one writer.
/// </summary>
internal static class ChangeLog
{
    private const int Insert = 0;
    private const int Replace = 1;
    private const int Delete = 2;

    public static void Append(SqliteDatabase database, string collection, DocumentWrite write)
    {
        var operation = write.Json is null ? Delete : write.ExpectedRevision == 0 ? Insert : Replace;
        database.Prepare("INSERT INTO tl_changes (collection, id, operation, revision) VALUES (?, ?, ?, ?)")
            .Bind(collection).Bind(write.Id).Bind(operation).Bind(write.Revision).Run();
    }

    /// <summary>Drops the oldest beyond <paramref name="keep"/>.</summary>
    public static void Trim(SqliteDatabase database, int keep) =>
        database.Prepare("DELETE FROM tl_changes WHERE token <= (SELECT max(token) FROM tl_changes) - ?")
            .Bind(keep).Run();

    /// <summary>
    /// Changes after a token with the documents as they are now (without, given no catalog); null: none yet, with the
    /// token of now.
    /// </summary>
    public static ChangeBatch Read(SqliteDatabase database, CollectionCatalog? catalog, long? after, int limit)
    {
        var (first, last) = Bounds(database);
        if (after is not { } token) return new ChangeBatch([], Token(last));
        if (token < first - 1 || token > last) throw Gone(token);
        var rows = new List<(long Token, string Collection, string Id, int Operation, long Revision)>();
        var statement = database.Prepare("SELECT token, collection, id, operation, revision FROM tl_changes WHERE "
            + "token > ? ORDER BY token LIMIT ?").Bind(token).Bind(limit);
        while (statement.Step())
            rows.Add((statement.Long(0), statement.Text(1), statement.Text(2), statement.Int(3), statement.Long(4)));
        statement.Reset();
        // The writer may have trimmed since the bounds were read.
        if (rows.Count > 0 && rows[0].Token != token + 1) throw Gone(token);
        var changes = rows.Select(row => new DocumentChange(row.Collection,
            row.Id, Name(row.Operation), row.Revision, Current(database, catalog, row.Collection, row.Id))).ToArray();
        return new ChangeBatch(changes, Token(token + changes.Length));
    }

    private static TidelineException Gone(long token) =>
        new(ErrorCode.NotFound,
            $"What follows {token} is not in the change log. Read the documents again, then continue from now.");

    private static Document? Current(
        SqliteDatabase database, CollectionCatalog? catalog, string collection, string id) =>
        catalog is not null
            && catalog.TryFind(collection, out var table) ? table!.Read(database, [id]).SingleOrDefault() : null;

    private static (long First, long Last) Bounds(SqliteDatabase database)
    {
        var statement = database.Prepare(
            "SELECT (SELECT min(token) FROM tl_changes), (SELECT max(token) FROM tl_changes)");
        statement.Step();
        var bounds = (statement.IsNull(0) ? 1 : statement.Long(0), statement.Long(1));
        statement.Reset();
        return bounds;
    }

    private static string Token(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Name(int operation) =>
        operation switch { Insert => "insert", Replace => "replace", _ => "delete" };
}
