using System.Globalization;
using MySqlConnector;

namespace Tideline.Engines.Tests.Ledger.MySql;

/// <summary>
/// The tables of a shard with enough rows that a plan which reads all of them differs from one by an index. Row i has
/// the id i.
/// </summary>
internal static class FilledShard
{
    public const int Rows = 2_000;

    private const long Start = 1_700_000_000_000_000;

    private const string Numbers =
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999) SELECT";

    private static readonly string[] Inserts =
    [
        "SET SESSION cte_max_recursion_depth = 5000",
        $"INSERT INTO customers {Numbers} {Id("i")}, '{{}}', 1, {Start} FROM n",
        $"INSERT INTO accounts {Numbers} {Id("i")}, {Id("i DIV 4")}, 0, 'EUR', 0, 0, 100 * i, 0, 0, 50, 1, NULL, "
            + $"{Start}, 0 FROM n",
        $"INSERT INTO transactions {Numbers} {Id("i")}, 1, 'EUR', 100, 'Rent', NULL, {Start} + i, "
            + $"CONCAT({Id("i DIV 50")}, UNHEX(LPAD(HEX(i MOD 50 + 1), 16, '0'))), NULL, NULL, NULL, NULL, NULL, NULL "
            + "FROM n",
        $"INSERT INTO entries {Numbers} {Id("i DIV 50")}, i MOD 50 + 1, {Id("i")}, 100, 100 * (i MOD 50 + 1), "
            + $"{Start} + i FROM n",
        // One in fifty is open, and nearly all aggregates are at rest.
        $"INSERT INTO holds {Numbers} {Id("i")}, {Id("i DIV 50")}, 500, 0, IF(i MOD 50, 1, 0), {Start} + i, NULL, "
            + $"{Start} FROM n",
        "INSERT INTO aggregates (aggregate_id, kind, version, state, at_rest, wake_us, data) "
            + $"{Numbers} {Id("i")}, 'saga:transfer:1', 1, IF(i MOD 50, 'completed', 'parked'), i MOD 50 > 0, "
            + $"IF(i MOD 50, NULL, {Start} + i), '{{}}' FROM n",
        $"INSERT INTO outcomes {Numbers} i + 1, UNHEX(LEFT(SHA2(CONCAT('0:key-', i), 256), 32)), REPEAT('f', 16), 1, "
            + $"{Id("i")}, 0, i, 0, NULL, {Start} + i FROM n",
        $"INSERT INTO claims {Numbers} 'iban', CONCAT('DE', LPAD(i, 20, '0')), {Id("i")}, 'account', {Id("i")} FROM n",
        $"INSERT INTO events {Numbers} i + 1, 5, {Id("i")}, 1, {Start} + i, '{{}}' FROM n",
        $"INSERT INTO messages {Numbers} i + 1, 1, {Id("i")}, 'SAGA_STEP_REQUESTED', '{{}}', {Start} + i FROM n",
        $"INSERT INTO audit_log {Numbers} i + 1, 10 * i + 1, 10 * i + 10, REPEAT('p', 32), REPEAT('h', 32), "
            + $"{Start} + i FROM n",
        "ANALYZE TABLE customers, accounts, transactions, entries, holds, aggregates, outcomes, claims, events, "
            + "messages, audit_log",
    ];

    /// <summary>Values for the questions: each finds something.</summary>
    public static IReadOnlyDictionary<string, object> Values { get; } = new Dictionary<string, object>
    {
        ["@account"] = IdText(3),
        ["@customer"] = IdText(7),
        ["@transaction"] = IdText(160),
        ["@transfer"] = IdText(50),
        ["@key"] = "key-77",
        ["@iban"] = "DE" + 5.ToString("D20", CultureInfo.InvariantCulture),
        ["@block"] = 12,
        ["@since"] = "2023-11-14 22:13:20.000100",
        ["@until"] = "2023-11-14 22:13:20.000155",
    };

    public static async Task FillAsync(MySqlConnection connection)
    {
        foreach (var sql in Inserts)
        {
            await using var command = new MySqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    private static string Id(string number) => $"UNHEX(LPAD(HEX({number}), 32, '0'))";

    private static string IdText(int number) => $"00000000-0000-0000-0000-{number:x12}";
}
