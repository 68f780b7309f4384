using Tideline.Engines.Sqlite;
using Tideline.Engines.Tests.Ledger;
using Tideline.Engines.Views.Sqlite;

namespace Tideline.Engines.Tests.Views;

/// <summary>What SQLite says of how it answers the program's queries of the views.</summary>
public sealed class SqliteQueryPlanTests
{
    [Fact]
    public async Task Every_query_of_the_program_uses_an_index()
    {
        using var folder = new TemporaryFolder();
        await using (var views = SqliteViewStore.Open(folder.Path))
        {
            foreach (var (collection, _) in ProgramQueries.All())
                await views.EnsureCollectionAsync(collection, TestContext.Current.CancellationToken);
        }

        using var database = SqliteDatabase.OpenWriter(Path.Combine(folder.Path, "views", "views.db"));
        var asked = 0;
        foreach (var (collection, query) in ProgramQueries.All())
        {
            var sql = DocumentSearch.Sql(new CollectionTable(collection), query);
            var statement = database.Prepare($"EXPLAIN QUERY PLAN {sql}");
            while (statement.Step())
            {
                var step = statement.Text(3);
                if (step.StartsWith("SCAN", StringComparison.Ordinal)
                    || step.StartsWith("SEARCH", StringComparison.Ordinal))
                    step.ShouldContain("INDEX", Case.Sensitive, sql);
                // Ties may be sorted by id, never the whole.
                else step.ShouldBeOneOf("USE TEMP B-TREE FOR LAST TERM OF ORDER BY", "USE TEMP B-TREE FOR ORDER BY");
            }

            statement.Reset();
            asked++;
        }

        asked.ShouldBeGreaterThan(10);
    }
}
