using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MySqlConnector;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>A view for people.</summary>
/// <param name="Name">As in the database.</param>
/// <param name="Meaning">A sentence for docs/reference/schema-mysql.md: MySQL keeps no comment on a view.</param>
/// <param name="Query">What it selects.</param>
internal sealed record ReadableView(string Name, string Meaning, string Query);

/// <summary>
/// Views for people and their tools; the program never reads them, so they cost a write nothing. Ids are texts, amounts
/// are in major units with four decimals, times are UTC, codes have their names. An index knows only what is stored:
/// the columns that end with <c>_key</c>, <c>_code</c> and <c>_us</c> are the stored ones, to search and sort by.
/// </summary>
internal static class MySqlViews
{
    private const string BuildView = "readable_build";

    // Exact: a factor, since the scale of a quotient depends on a setting of the session.
    private const string Unit = "cur.minor_unit";
    private const string Epoch = "TIMESTAMP'1970-01-01 00:00:00.000000' + INTERVAL";

    // In the order in which they are made.
    private static readonly ReadableView[] OfTables =
    [
        new("readable_customers", "Customers with what their profile says. Personal data.",
            $"""
            SELECT BIN_TO_UUID(c.customer_id) AS customer_id, {Field("name")}, {Field("email")}, {Field("country")},
                c.version, {Epoch} c.created_us MICROSECOND AS created_at, c.customer_id AS customer_key
            FROM customers c
            """),
        new("readable_accounts", "Accounts with their balances. Available: what the owner can spend.",
            $"""
            SELECT BIN_TO_UUID(a.account_id) AS account_id, BIN_TO_UUID(a.customer_id) AS customer_id, a.iban,
                {Name("kind", "a.kind")} AS kind, {Name("status", "a.status")} AS status, a.currency,
                a.balance * {Unit} AS balance,
                a.balance * {Unit} - a.pending_out * {Unit} + a.overdraft_limit * {Unit} AS available,
                a.overdraft_limit * {Unit} AS overdraft_limit, a.pending_in * {Unit} AS pending_in,
                a.pending_out * {Unit} AS pending_out, a.returnable * {Unit} AS returnable, a.entry_version, a.version,
                {Epoch} a.created_us MICROSECOND AS created_at, a.account_id AS account_key,
                a.customer_id AS customer_key
            FROM accounts a{Codes("kind", "accounts.kind", "a.kind")}{Codes("status", "accounts.status", "a.status")}
                {Currencies("a.currency")}
            """),
        new("readable_transactions", "Transactions, without what is said of persons.",
            $"""
            SELECT BIN_TO_UUID(t.transaction_id) AS transaction_id, {Name("kind", "t.kind")} AS kind,
                t.amount * {Unit} AS amount, t.currency, {Epoch} t.time_us MICROSECOND AS committed_at,
                COALESCE(t.value_date, DATE({Epoch} t.time_us MICROSECOND)) AS value_date, t.reference, t.code,
                t.external_reference, t.metadata, LENGTH(t.legs) DIV 24 AS entries_on_this_shard,
                BIN_TO_UUID(t.saga_id) AS saga_id, BIN_TO_UUID(t.counterparty_id) AS counterparty_id,
                t.transaction_id AS transaction_key
            FROM transactions t{Codes("kind", "transactions.kind", "t.kind")}
                {Currencies("t.currency")}
            """),
        new("readable_entries", "Entries with the currency of their account.",
            $"""
            SELECT BIN_TO_UUID(e.account_id) AS account_id, e.entry_version,
                BIN_TO_UUID(e.transaction_id) AS transaction_id, e.amount * {Unit} AS amount, a.currency,
                e.balance_after * {Unit} AS balance_after, {Epoch} e.time_us MICROSECOND AS committed_at,
                e.account_id AS account_key, e.time_us
            FROM entries e LEFT JOIN accounts a ON a.account_id = e.account_id
                {Currencies("a.currency")}
            """),
        new("readable_transaction_entries", "The entries of each transaction on this shard, found by its legs.",
            $"""
            SELECT BIN_TO_UUID(t.transaction_id) AS transaction_id, leg.leg_no,
                BIN_TO_UUID(e.account_id) AS account_id, e.entry_version, e.amount * {Unit} AS amount, a.currency,
                e.balance_after * {Unit} AS balance_after, {Epoch} e.time_us MICROSECOND AS committed_at,
                t.transaction_id AS transaction_key
            FROM transactions t
                JOIN JSON_TABLE(CONCAT('[', REPEAT('0,', LENGTH(t.legs) DIV 24 - 1), '0]'), '$[*]'
                    COLUMNS (leg_no FOR ORDINALITY)) AS leg
                JOIN entries e ON e.account_id = CAST(SUBSTRING(t.legs, 24 * leg.leg_no - 23, 16) AS BINARY(16))
                    AND e.entry_version = CAST(CONV(HEX(SUBSTRING(t.legs, 24 * leg.leg_no - 7, 8)), 16, 10) AS SIGNED)
                LEFT JOIN accounts a ON a.account_id = e.account_id
                {Currencies("a.currency")}
            """),
        new("readable_holds", "Holds with the currency of their account. Remaining: what is still reserved.",
            $"""
            SELECT BIN_TO_UUID(h.hold_id) AS hold_id, BIN_TO_UUID(h.account_id) AS account_id,
                {Name("status", "h.status")} AS status, h.amount * {Unit} AS amount, h.captured * {Unit} AS captured,
                IF(h.status = 0, h.amount - h.captured, 0) * {Unit} AS remaining, a.currency,
                {Epoch} h.expires_us MICROSECOND AS expires_at, h.reference,
                {Epoch} h.created_us MICROSECOND AS created_at, h.hold_id AS hold_key, h.account_id AS account_key,
                h.status AS status_code, h.expires_us
            FROM holds h LEFT JOIN accounts a ON a.account_id = h.account_id
                {Codes("status", "holds.status", "h.status")}
                {Currencies("a.currency")}
            """),
        new("readable_aggregates", "Sagas and what else services keep. Data: JSON, or NULL where it is not JSON.",
            $"""
            SELECT BIN_TO_UUID(g.aggregate_id) AS aggregate_id, g.kind, g.state, g.at_rest,
                {Epoch} g.wake_us MICROSECOND AS due_at, g.version, {Json("g.data")} AS data, g.open_state,
                g.aggregate_id AS aggregate_key, g.wake_us
            FROM aggregates g
            """),
        new("readable_outcomes", "Outcomes of commands. Balance after: minor units, as in the reply.",
            $"""
            SELECT o.row_no, HEX(o.outcome_key) AS outcome_key_hex, {Name("kind", "o.kind")} AS kind,
                BIN_TO_UUID(NULLIF(o.subject_id, UNHEX(REPEAT('00', 16)))) AS subject_id, o.balance_after, o.event_seq,
                COALESCE(reason.name, NULLIF(o.refusal_reason, 0)) AS refusal_reason, o.detail,
                {Epoch} o.time_us MICROSECOND AS committed_at, o.outcome_key
            FROM outcomes o{Codes("kind", "outcomes.kind", "o.kind")}
                {Codes("reason", "outcomes.refusal_reason", "o.refusal_reason")}
            """),
        new("readable_claims", "Names of things, such as IBANs. Personal data.",
            """
            SELECT m.space, m.name, m.subject_kind, BIN_TO_UUID(m.subject_id) AS subject_id,
                BIN_TO_UUID(m.claim_id) AS claim_id
            FROM claims m
            """),
        new("readable_events", "Events. Data: JSON, with personal data.",
            $"""
            SELECT v.event_seq, {Name("type", "v.event_type")} AS event_type, BIN_TO_UUID(v.subject_id) AS subject_id,
                v.version, {Epoch} v.time_us MICROSECOND AS committed_at, {Json("v.data")} AS data
            FROM events v{Codes("type", "events.event_type", "v.event_type")}
            """),
        new("readable_messages", "Messages of sagas that the relay has not copied yet, or copied a moment ago.",
            $"""
            SELECT m.message_seq, m.target_shard, BIN_TO_UUID(m.saga_id) AS saga_id, m.message_type,
                {Epoch} m.time_us MICROSECOND AS committed_at, {Json("m.data")} AS data
            FROM messages m
            """),
        new("readable_audit_log", "Blocks of the audit log. Hashes are hexadecimal.",
            $"""
            SELECT b.block_number, b.from_seq, b.through_seq, LOWER(HEX(b.previous_hash)) AS previous_hash,
                LOWER(HEX(b.block_hash)) AS block_hash, {Epoch} b.time_us MICROSECOND AS sealed_at, b.time_us
            FROM audit_log b
            """),
        new("readable_shard", "Where the shard stands and who owns it, without the secret.",
            $"""
            SELECT s.shard, s.shards, s.owner, s.address, s.lease_until, s.lease_until > UTC_TIMESTAMP(6) AS is_owned,
                s.epoch, s.commits, s.message_seq, {Epoch} s.time_us MICROSECOND AS last_commit_at
            FROM shard_head s
            """),
    ];

    // MySQL rewrites the text of a view, so what this program made is told by the last view, which has no table.
    private static readonly string Build = Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Join('\n', OfTables.Select(view => $"{view.Name} {view.Query}")))))[..16];

    /// <summary>Every view.</summary>
    public static IReadOnlyList<ReadableView> All { get; } =
    [
        .. OfTables, new(BuildView, "Which build of these views is there.", $"SELECT '{Build}' AS build"),
    ];

    /// <summary>Whether every view is in the database as this program makes it.</summary>
    public static bool AreThere(MySqlConnection connection)
    {
        using var names = new MySqlCommand(
            "SELECT COUNT(*) FROM information_schema.views WHERE table_schema = DATABASE() AND table_name IN "
            + $"({string.Join(", ", All.Select(view => $"'{view.Name}'"))})", connection);
        if (Convert.ToInt64(names.ExecuteScalar(), CultureInfo.InvariantCulture) < All.Count) return false;
        using var build = new MySqlCommand($"SELECT build FROM {BuildView}", connection);
        return build.ExecuteScalar() is string found && found == Build;
    }

    /// <summary>
    /// Makes every view, also where one is there. That needs CREATE VIEW, one of the privileges on a database.
    /// </summary>
    public static void Create(MySqlConnection connection)
    {
        foreach (var view in All)
        {
            using var create = new MySqlCommand(
                $"CREATE OR REPLACE VIEW {view.Name} AS {view.Query}", connection);
            create.ExecuteNonQuery();
        }
    }

    // A code that the table lacks is shown as its number.
    private static string Name(string alias, string column) => $"COALESCE({alias}.name, {column})";

    private static string Codes(string alias, string field, string column) =>
        $" LEFT JOIN codes {alias} ON {alias}.field = '{field}' AND {alias}.code = {column}";

    private static string Currencies(string column) => $"LEFT JOIN currencies cur ON cur.currency = {column}";

    private static string Field(string name) =>
        $"JSON_UNQUOTE(JSON_EXTRACT({Json("c.profile")}, '$.{name}')) AS {name}";

    private static string Json(string column) =>
        $"IF(JSON_VALID(CONVERT({column} USING utf8mb4)), CONVERT({column} USING utf8mb4), NULL)";
}
