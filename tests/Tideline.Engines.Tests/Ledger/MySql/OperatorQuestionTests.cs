using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Ledger;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>What an operator asks is answered by an index, by MySQL's own plans.</summary>
public sealed class OperatorQuestionTests : IAsyncLifetime
{
    // They stay as small as they are, or are made for the row.
    private static readonly string[] Small = ["kind", "status", "reason", "type", "cur", "leg", "s"];

    private readonly MySqlDatabases _databases = new();
    private MySqlConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        await using (await _databases.OpenAsync()) _connection = await _databases.ConnectAsync(0);
        await FilledShard.FillAsync(_connection);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        await _databases.DisposeAsync();
    }

    [Fact]
    public async Task Each_question_is_answered_by_its_index()
    {
        foreach (var question in OperatorQuestions.All)
        {
            (await CountAsync(question.Sql)).ShouldBeGreaterThan(0, question.Text);
            var plan = await PlanAsync(question.Sql);
            plan.SelectMany(WhyWalked).ShouldBeEmpty(question.Text);
            plan.Select(step => step.Key).Distinct().Except(["PRIMARY", question.Index])
                .ShouldBeEmpty(question.Text);
            if (question.Index != "PRIMARY") plan.ShouldContain(step => step.Key == question.Index, question.Text);
        }
    }

    [Fact]
    public async Task Rows_are_read_by_their_keys_by_an_index()
    {
        var ids = Enumerable.Range(1, 20).Select(number => new Guid(0, 0, 0, [0, 0, 0, 0, 0, 0, 0, (byte)number]));
        foreach (var (table, key) in ((string, string)[])[("outcomes", "outcome_key"), ("accounts", "account_id"),
            ("customers", "customer_id"), ("holds", "hold_id"), ("aggregates", "aggregate_id"),
            ("transactions", "transaction_id")])
            await ShouldUseKeyAsync(table, MySqlShardReader.ByKey("*", table, key, ids, MySqlShardReader.Write));
        await ShouldUseKeyAsync("entries", MySqlShardReader.ByKey("*", "entries", "(account_id, entry_version)",
            ids.Select(id => new EntryKey(id, 7)), MySqlShardReader.Write));
        await ShouldUseKeyAsync("claims", MySqlShardReader.ByKey("*", "claims", "(space, name)",
            ids.Select((_, number) => new ClaimKey("iban", $"DE{number:D20}")), MySqlShardReader.Write));
    }

    [Theory]
    [InlineData("SELECT * FROM readable_transactions WHERE reference = 'Rent'")]
    [InlineData("SELECT * FROM readable_accounts WHERE account_id = '00000000-0000-0000-0000-000000000003'")]
    [InlineData("SELECT * FROM readable_events WHERE subject_id = '00000000-0000-0000-0000-000000000003'")]
    public async Task A_question_without_an_index_would_be_found(string sql) =>
        (await PlanAsync(sql)).SelectMany(WhyWalked).ShouldNotBeEmpty();

    private async Task ShouldUseKeyAsync(string table, string sql)
    {
        var step = (await PlanAsync(sql)).ShouldHaveSingleItem();
        (step.Type, step.Key).ShouldBe(("range", table == "outcomes" ? MySqlTables.KeyIndex : "PRIMARY"), table);
        step.Rows.ShouldBeLessThanOrEqualTo(20, table);
    }

    private static IEnumerable<string> WhyWalked(Step step)
    {
        if (step.Type == "ALL" || step.Key is null) yield return $"{step.Table} is read as a whole";
        else if (step.Rows > FilledShard.Rows / 4) yield return $"{step.Rows} rows of {step.Table} are read";
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = 0L;
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) rows++;
        return rows;
    }

    private async Task<List<Step>> PlanAsync(string sql)
    {
        await using var command = Command($"EXPLAIN FORMAT=TRADITIONAL {sql}");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var steps = new List<Step>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            var table = Text("table") ?? "";
            if (!Small.Contains(table))
                steps.Add(new Step(table, Text("type"), Text("key"), Convert.ToInt64(
                    reader["rows"] is DBNull ? 0L : reader["rows"],
                    System.Globalization.CultureInfo.InvariantCulture)));
        }

        return steps;

        string? Text(string column) => reader[column] as string;
    }

    private MySqlCommand Command(string sql)
    {
        var command = new MySqlCommand(sql, _connection);
        foreach (var (name, value) in FilledShard.Values) command.Parameters.AddWithValue(name, value);
        return command;
    }

    private sealed record Step(string Table, string? Type, string? Key, long Rows);
}
