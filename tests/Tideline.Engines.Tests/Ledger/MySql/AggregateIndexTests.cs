using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Ledger;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>How MySQL finds aggregates, by its own plans.</summary>
public sealed class AggregateIndexTests : IAsyncLifetime
{
    private const int Rows = 900;
    private static readonly AggregateFilter Open = new("loan:", ["open", "late"]);
    private readonly MySqlDatabases _databases = new();

    public async ValueTask InitializeAsync()
    {
        await using var store = await _databases.OpenAsync();
        // Nearly all of them are at rest.
        await _databases.ExecuteAsync(
            0, "INSERT INTO aggregates (aggregate_id, kind, version, state, at_rest, wake_us, data) "
            + "WITH RECURSIVE n (i) AS "
            + $"(SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows}) "
            + "SELECT UNHEX(LPAD(HEX(i), 32, '0')), 'loan:1', 1, IF(i % 50, 'paid', 'open'), i % 50 > 0, "
            + "IF(i % 50, NULL, i), '' FROM n");
        await _databases.ExecuteAsync(0, "ANALYZE TABLE aggregates");
    }

    public ValueTask DisposeAsync() => _databases.DisposeAsync();

    [Fact]
    public async Task Rows_that_wait_are_found_by_an_index_and_rows_at_rest_by_the_primary_key()
    {
        (await KeyAsync(AggregateQueries.Due, "loan:", 500L, 10)).ShouldBe("aggregates_due");
        (await KeyAsync(AggregateQueries.Page(Open), AggregateQueries.Values(Open, Guid.Empty, 10)))
            .ShouldBe("aggregates_by_state");
        (await KeyAsync(AggregateQueries.All(Open), AggregateQueries.Values(Open))).ShouldBe("aggregates_by_state");
        (await KeyAsync(AggregateQueries.Kinds(Open), AggregateQueries.Values(Open))).ShouldBe("aggregates_by_state");
        var resting = Open with { States = ["paid"], AtRest = true };
        (await KeyAsync(AggregateQueries.Page(resting), AggregateQueries.Values(resting, Guid.Empty, 10)))
            .ShouldBe("PRIMARY");
    }

    private async Task<string> KeyAsync(string sql, params object[] values)
    {
        await using var connection = await _databases.ConnectAsync(0, "GuidFormat=Binary16");
        await using var command = new MySqlCommand($"EXPLAIN FORMAT=TRADITIONAL {sql}", connection);
        for (var at = 0; at < values.Length; at++) command.Parameters.AddWithValue($"@{at}", values[at]);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        (await reader.ReadAsync(TestContext.Current.CancellationToken)).ShouldBeTrue();
        return reader.GetString(reader.GetOrdinal("key"));
    }
}
