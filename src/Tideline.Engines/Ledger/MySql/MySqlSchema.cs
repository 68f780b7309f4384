using System.Globalization;
using MySqlConnector;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.MySql;

/// <summary>
/// The tables of a shard, one database each, made by versioned migrations. DDL commits by itself in MySQL, so each step
/// can be repeated, and a named lock of the server lets one process at a time do it. Ids are 16 bytes in the order in
/// which they sort; what the embedded tables call a BLOB is one here.
/// </summary>
internal static class MySqlSchema
{
    private const int LockSeconds = 30;
    private const string Options = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

    /// <summary>The index that lets nobody take a key twice.</summary>
    public const string KeyIndex = "outcomes_by_key";

    // Append only: a step that was released never changes. The head's row also says where the owner is reached, what it
    // asks of its peers, whether it prefers the shard, and when one asked for it that does.
    private static readonly string[] Migrations =
    [
        $"""
        CREATE TABLE IF NOT EXISTS head (id INT PRIMARY KEY, shard INT NOT NULL, shards INT NOT NULL, epoch BIGINT NOT NULL, writer BINARY(16) NOT NULL,
            owner VARCHAR(255) NOT NULL, lease_until DATETIME(6) NOT NULL, commits BIGINT NOT NULL,
            message_seq BIGINT NOT NULL, time_us BIGINT NOT NULL,
            address VARCHAR(255) NOT NULL DEFAULT '', secret BINARY(16) NOT NULL DEFAULT 0x00,
            preferred BOOL NOT NULL DEFAULT TRUE,
            wanted_at DATETIME(6) NOT NULL DEFAULT '2000-01-01') {Options};
        CREATE TABLE IF NOT EXISTS placement (version BIGINT NOT NULL, shard INT NOT NULL, group_no INT NOT NULL,
            epoch BIGINT NOT NULL, PRIMARY KEY (version, shard)) {Options};
        CREATE TABLE IF NOT EXISTS epochs (number BIGINT PRIMARY KEY, installation BINARY(16) NOT NULL,
            event_seq BIGINT NOT NULL, message_seq BIGINT NOT NULL,
            block_number BIGINT NOT NULL, begun_us BIGINT NOT NULL, reason VARCHAR(255) NOT NULL) {Options};
        CREATE TABLE IF NOT EXISTS customers (id BINARY(16) PRIMARY KEY, profile BLOB NOT NULL, version BIGINT NOT NULL,
            created_us BIGINT NOT NULL) {Options};
        CREATE TABLE IF NOT EXISTS accounts (id BINARY(16) PRIMARY KEY, customer_id BINARY(16), kind INT NOT NULL, currency CHAR(3) NOT NULL, status INT NOT NULL,
            overdraft_limit BIGINT NOT NULL, posted BIGINT NOT NULL, pending_in BIGINT NOT NULL, pending_out BIGINT NOT NULL, entry_version BIGINT NOT NULL, version BIGINT NOT NULL,
            iban VARCHAR(64), created_us BIGINT NOT NULL, returnable BIGINT NOT NULL,
            KEY accounts_of_customer (customer_id, id)) {Options};
        CREATE TABLE IF NOT EXISTS transactions (id BINARY(16) PRIMARY KEY, kind INT NOT NULL, currency CHAR(3),
            amount BIGINT, reference VARCHAR(512),
            saga_id BINARY(16), time_us BIGINT NOT NULL, legs BLOB NOT NULL, value_date DATE, code VARCHAR(35),
            external_reference VARCHAR(140), metadata TEXT,
            personal MEDIUMTEXT, counterparty_id BINARY(16)) {Options};
        CREATE TABLE IF NOT EXISTS entries (account_id BINARY(16) NOT NULL, version BIGINT NOT NULL, transaction_id BINARY(16) NOT NULL, amount BIGINT NOT NULL,
            posted_after BIGINT NOT NULL, time_us BIGINT NOT NULL, PRIMARY KEY (account_id, version)) {Options};
        CREATE TABLE IF NOT EXISTS holds (id BINARY(16) PRIMARY KEY, account_id BINARY(16) NOT NULL, amount BIGINT NOT NULL, captured BIGINT NOT NULL, status INT NOT NULL,
            expires_us BIGINT NOT NULL, reference VARCHAR(512), created_us BIGINT NOT NULL, KEY holds_open (status, expires_us)) {Options};
        CREATE TABLE IF NOT EXISTS outcomes (row_no BIGINT AUTO_INCREMENT PRIMARY KEY, outcome_key BINARY(16) NOT NULL, fingerprint BINARY(16) NOT NULL, kind INT NOT NULL,
            subject BINARY(16) NOT NULL, balance BIGINT NOT NULL, seq BIGINT NOT NULL, reason INT NOT NULL, detail VARCHAR(2048), time_us BIGINT NOT NULL,
            UNIQUE KEY {KeyIndex} (outcome_key)) {Options};
        CREATE TABLE IF NOT EXISTS claims (space VARCHAR(32) NOT NULL, name VARCHAR(200) NOT NULL,
            claim_id BINARY(16) NOT NULL,
            kind VARCHAR(64) NOT NULL, subject BINARY(16) NOT NULL, PRIMARY KEY (space, name)) {Options};
        CREATE TABLE IF NOT EXISTS aggregates (id BINARY(16) PRIMARY KEY, kind VARCHAR(64) NOT NULL,
            version BIGINT NOT NULL, state VARCHAR(32) NOT NULL,
            at_rest BOOL NOT NULL, wake_us BIGINT, data MEDIUMBLOB NOT NULL,
            open_state VARCHAR(32) AS (IF(at_rest, NULL, state)) VIRTUAL,
            KEY aggregates_due (wake_us), KEY aggregates_by_state (open_state, id)) {Options};
        CREATE TABLE IF NOT EXISTS events (seq BIGINT PRIMARY KEY, type INT NOT NULL, subject BINARY(16) NOT NULL, version BIGINT NOT NULL, time_us BIGINT NOT NULL,
            data MEDIUMBLOB NOT NULL) {Options};
        CREATE TABLE IF NOT EXISTS messages (seq BIGINT PRIMARY KEY, target_shard INT NOT NULL, saga_id BINARY(16) NOT NULL, type VARCHAR(64) NOT NULL, data MEDIUMBLOB NOT NULL,
            time_us BIGINT NOT NULL) {Options};
        CREATE TABLE IF NOT EXISTS blocks (number BIGINT PRIMARY KEY, from_seq BIGINT NOT NULL, through_seq BIGINT NOT NULL, previous_hash BINARY(32) NOT NULL, hash BINARY(32) NOT NULL,
            time_us BIGINT NOT NULL) {Options};
        """,
    ];

    /// <summary>The newest step that this program knows; data that is beyond it was written by a newer one.</summary>
    public static int Version => Migrations.Length;

    /// <summary>
    /// Brings the database of a shard up to date, or makes its tables. Safe for many processes at once.
    /// </summary>
    /// <exception cref="TidelineException">IncompatibleData: newer, or of another installation.
    /// StorageUnavailable.</exception>
    public static void Ensure(MySqlConnection connection, int shard, Placement placement)
    {
        var shards = placement.Shards.Count;
        var name = string.Create(CultureInfo.InvariantCulture, $"migrate-{connection.Database}");
        if (Scalar(connection, $"SELECT GET_LOCK('{name}', {LockSeconds})") != 1)
            throw new TidelineException(ErrorCode.StorageUnavailable,
                $"Another process has been changing the tables of {connection.Database} for {LockSeconds} s.");
        try
        {
            Execute(connection, "CREATE TABLE IF NOT EXISTS schema_versions (version INT PRIMARY KEY, applied_at "
                + "TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))");
            var found = Scalar(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_versions");
            if (found > Version)
                throw new TidelineException(ErrorCode.IncompatibleData, $"{connection.Database} has format {found}; "
                    + $"this program knows format {Version}. A newer version of Tideline wrote it: use that one.");
            for (var next = (int)found + 1; next <= Version; next++)
            {
                Execute(connection, Migrations[next - 1]);
                Execute(connection, string.Create(
                    CultureInfo.InvariantCulture, $"INSERT INTO schema_versions (version) VALUES ({next})"));
            }

            Execute(connection, string.Create(CultureInfo.InvariantCulture,
                $"INSERT IGNORE INTO head (id, shard, shards, epoch, writer, owner, lease_until, commits, message_seq, "
                    + $"time_us) VALUES (0, {shard}, {shards}, 0, 0x{0:x32}, '', '2000-01-01', 0, 0, 0)"));
            Require(connection, shard, shards);
            MySqlPlacement.Ensure(connection, placement);
        }
        finally
        {
            Scalar(connection, $"SELECT RELEASE_LOCK('{name}')");
        }
    }

    private static void Require(MySqlConnection connection, int shard, int shards)
    {
        var (storedShard, storedShards) =
            (Scalar(connection, "SELECT shard FROM head"), Scalar(connection, "SELECT shards FROM head"));
        if (storedShard != shard || storedShards != shards)
            throw new TidelineException(
                ErrorCode.IncompatibleData, $"{connection.Database} is shard {storedShard} of {storedShards}, but "
                    + $"shard {shard} of {shards} was asked for. The number of shards is fixed when the data is "
                    + $"created.");
    }

    private static long Scalar(MySqlConnection connection, string sql)
    {
        using var command = new MySqlCommand(sql, connection);
        return Convert.ToInt64(command.ExecuteScalar() ?? 0L, CultureInfo.InvariantCulture);
    }

    private static void Execute(MySqlConnection connection, string sql)
    {
        using var command = new MySqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
