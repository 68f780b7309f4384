using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Tests.Ledger.Sqlite;

/// <summary>What the indexes of aggregates hold, by SQLite's own plans.</summary>
public sealed class AggregateIndexTests : IDisposable
{
    private static readonly AggregateFilter Open = new("loan:", ["open", "late"]);
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;

    public AggregateIndexTests()
    {
        _database = SqliteDatabase.OpenWriter(Path.Combine(_folder.Path, "shard-0.db"));
        LedgerSchema.Create(_database, 0, 1, new EpochRow(1, Guid.Empty, 0, 0, 0, 0, "a test"));
    }

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Rows_that_wait_are_found_by_their_index_in_its_order()
    {
        Plan(AggregateQueries.Due).ShouldBe(["SEARCH aggregates USING INDEX aggregates_due (wake_us<?)"]);
        Plan(AggregateQueries.Page(Open with { States = ["open"] }))
            .ShouldBe(["SEARCH aggregates USING INDEX aggregates_by_state (state=? AND aggregate_id>?)"]);
        Plan(AggregateQueries.Page(Open))[0]
            .ShouldBe("SEARCH aggregates USING INDEX aggregates_by_state (state=? AND aggregate_id>?)");
        Plan(AggregateQueries.Kinds(Open))[0].ShouldContain("USING INDEX aggregates_by_state (state=?)");
        Plan(AggregateQueries.All(Open)).ShouldBe(["SEARCH aggregates USING INDEX aggregates_by_state (state=?)"]);
    }

    [Theory]
    [InlineData("aggregates_by_state", "at_rest = 1")]
    [InlineData("aggregates_by_state", "state = 'paid'")]
    [InlineData("aggregates_due", "wake_us IS NULL")]
    public void An_index_holds_nothing_of_rows_that_nobody_waits_for(string index, string rows) =>
        Should.Throw<TidelineException>(
                () => Plan($"SELECT aggregate_id FROM aggregates INDEXED BY {index} WHERE {rows}"))
            .Message.ShouldContain("no query solution");

    [Fact]
    public void Rows_at_rest_are_walked_in_the_order_of_ids() =>
        Plan(AggregateQueries.Page(Open with { AtRest = true }))
            .ShouldBe(["SEARCH aggregates USING PRIMARY KEY (aggregate_id>?)"]);

    private List<string> Plan(string sql)
    {
        var query = _database.Prepare($"EXPLAIN QUERY PLAN {sql}");
        var steps = new List<string>();
        while (query.Step()) steps.Add(query.Text(3));
        query.Reset();
        return steps;
    }
}
