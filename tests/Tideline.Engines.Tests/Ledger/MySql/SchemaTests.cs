using MySqlConnector;
using Tideline.Engines.Ledger.MySql;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>The tables explain themselves.</summary>
public sealed class SchemaTests : IAsyncLifetime
{
    private const string Uncommented = """
        SELECT CONCAT_WS('.', t.table_name, c.column_name) FROM information_schema.tables t
            LEFT JOIN information_schema.columns c
                ON c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.column_comment = ''
        WHERE t.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'
            AND (t.table_comment = '' OR c.column_name IS NOT NULL)
        """;

    // Of the rows that a batch writes.
    private static readonly Type[] StoredEnums =
    [
        .. typeof(BatchWrites).GetProperties().SelectMany(list => list.PropertyType.GetGenericArguments())
            .SelectMany(row => row.GetProperties()).Select(field => field.PropertyType).Where(type => type.IsEnum)
            .Distinct(),
    ];

    private readonly MySqlDatabases _databases = new();

    public async ValueTask InitializeAsync() => await (await _databases.OpenAsync()).DisposeAsync();

    public ValueTask DisposeAsync() => _databases.DisposeAsync();

    [Fact]
    public async Task Every_table_and_every_column_has_a_comment()
    {
        (await ListAsync(Uncommented)).ShouldBeEmpty();
        await _databases.ExecuteAsync(
            0, "CREATE TABLE planted (one INT COMMENT 'With one.', two INT) COMMENT 'Planted.'");
        (await ListAsync(Uncommented)).ShouldBe(["planted.two"]);
    }

    [Fact]
    public async Task Every_value_that_is_stored_stands_among_the_codes()
    {
        var rows = await ListAsync(
            "SELECT CONCAT_WS(' ', field, code) FROM codes WHERE name <> '' AND meaning <> ''");
        StoredEnums.Select(stored => stored.Name).Order().ShouldBe(
        [
            nameof(AccountKind), nameof(AccountStatus), nameof(EventType), nameof(HoldStatus), nameof(OutcomeKind),
            nameof(RefusalReason), nameof(TransactionKind),
        ]);
        foreach (var stored in StoredEnums)
        {
            var field = MySqlCodes.FieldOf(stored);
            var column = field.Split('.');
            (await ListAsync("SELECT data_type FROM information_schema.columns WHERE table_schema = DATABASE() AND "
                + $"table_name = '{column[0]}' AND column_name = '{column[1]}'")).ShouldBe(["int"], field);
            Enum.GetValuesAsUnderlyingType(stored).Cast<object>().Select(value => $"{field} {value}").Except(rows)
                .ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Views_of_another_build_are_made_anew_at_the_next_start()
    {
        await _databases.ExecuteAsync(0, "CREATE OR REPLACE VIEW readable_build AS SELECT 'earlier' AS build; "
            + "CREATE OR REPLACE VIEW readable_shard AS SELECT 1 AS other");
        await (await _databases.OpenAsync()).DisposeAsync();
        (await ListAsync("SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND "
            + "table_name = 'readable_shard' AND column_name IN ('other', 'is_owned')")).ShouldBe(["is_owned"]);
        (await ListAsync("SELECT build FROM readable_build")).ShouldNotBe(["earlier"]);
    }

    [Fact]
    public async Task Codes_that_are_missing_or_differ_are_corrected_at_the_next_start_and_others_stay()
    {
        await _databases.ExecuteAsync(0, "DELETE FROM codes WHERE field = 'holds.status' AND code = 2; "
            + "UPDATE codes SET name = 'other' WHERE field = 'accounts.kind'; "
            + "DELETE FROM currencies WHERE currency = 'EUR'; "
            + "UPDATE currencies SET minor_unit = 1 WHERE currency = 'KWD'; "
            + "INSERT INTO codes VALUES ('holds.status', 99, 'later', 'Of a newer program.')");
        await (await _databases.OpenAsync()).DisposeAsync();
        (await ListAsync("SELECT name FROM codes WHERE field = 'holds.status' ORDER BY code"))
            .ShouldBe(["open", "captured", "released", "expired", "later"]);
        (await ListAsync("SELECT name FROM codes WHERE field = 'accounts.kind' ORDER BY code"))
            .ShouldBe(["customer", "cash", "clearing", "settlement", "suspense"]);
        (await ListAsync("SELECT CONCAT_WS(' ', currency, decimals, minor_unit) FROM currencies "
            + "WHERE currency IN ('EUR', 'KWD', 'JPY') ORDER BY currency"))
            .ShouldBe(["EUR 2 0.0100", "JPY 0 1.0000", "KWD 3 0.0010"]);
    }

    [Fact]
    public async Task A_view_that_a_restore_left_out_is_made_again()
    {
        await _databases.ExecuteAsync(0, "DROP VIEW readable_accounts");
        await (await _databases.OpenAsync()).DisposeAsync();
        (await _databases.ReadAsync(0, "SELECT COUNT(*) FROM readable_accounts")).ShouldBe(0L);
    }

    [Fact]
    public async Task The_names_of_the_data_flows_are_the_names_of_the_tables()
    {
        await _databases.ExecuteAsync(0, "UPDATE accounts SET balance = balance - 1 WHERE account_id = 0x01");
        var tables = await ListAsync(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()");
        string[] names = ["accounts", "customers", "transactions", "entries", "events", "audit_log"];
        names.ShouldBeSubsetOf(tables);
    }

    private async Task<List<string>> ListAsync(string sql)
    {
        await using var connection = await _databases.ConnectAsync(0);
        await using var command = new MySqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var found = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) found.Add(reader.GetString(0));
        return found;
    }
}
