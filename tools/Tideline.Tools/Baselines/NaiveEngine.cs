#pragma warning disable CA2100 // The texts of commands are constants, and names that the program made.
using System.Data.Common;
using Microsoft.Data.Sqlite;
using MySqlConnector;

namespace Tideline.Tools.Baselines;

/// <summary>What a typical service says otherwise to one database than to another; the tables are made already.</summary>
/// <param name="Connection">A closed connection of the driver's pool.</param>
/// <param name="ReadLock">What a SELECT ends with that locks its row.</param>
/// <param name="IsConflict">Whether a transaction met another and can be repeated.</param>
/// <param name="Close">Closes the pool.</param>
internal sealed record NaiveEngine(
    Func<DbConnection> Connection, string ReadLock, Func<DbException, bool> IsConflict, Action Close)
{
    private const string MySqlTables = """
        CREATE TABLE accounts (id BINARY(16) PRIMARY KEY, customer_id BINARY(16), currency CHAR(3) NOT NULL,
            status INT NOT NULL, overdraft_limit BIGINT NOT NULL, posted BIGINT NOT NULL, pending BIGINT NOT NULL,
            entry_version BIGINT NOT NULL);
        CREATE TABLE transactions (id BINARY(16) PRIMARY KEY, kind INT NOT NULL, currency CHAR(3) NOT NULL,
            amount BIGINT NOT NULL, reference VARCHAR(512), time_us BIGINT NOT NULL, legs BLOB NOT NULL);
        CREATE TABLE entries (account_id BINARY(16), version BIGINT, transaction_id BINARY(16) NOT NULL,
            amount BIGINT NOT NULL, posted_after BIGINT NOT NULL, time_us BIGINT NOT NULL,
            PRIMARY KEY (account_id, version));
        CREATE TABLE events (seq BIGINT AUTO_INCREMENT PRIMARY KEY, type INT NOT NULL, subject BINARY(16) NOT NULL,
            version BIGINT NOT NULL, time_us BIGINT NOT NULL, data BLOB NOT NULL);
        CREATE TABLE outcomes (id BINARY(16) PRIMARY KEY, fingerprint BINARY(16) NOT NULL, subject BINARY(16) NOT NULL,
            balance BIGINT NOT NULL, time_us BIGINT NOT NULL);
        """;

    private const string SqliteTables = """
        PRAGMA journal_mode=WAL;
        CREATE TABLE accounts (id BLOB PRIMARY KEY, customer_id BLOB, currency TEXT NOT NULL, status INTEGER NOT NULL,
            overdraft_limit INTEGER NOT NULL, posted INTEGER NOT NULL, pending INTEGER NOT NULL,
            entry_version INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE transactions (id BLOB PRIMARY KEY, kind INTEGER NOT NULL, currency TEXT NOT NULL,
            amount INTEGER NOT NULL, reference TEXT, time_us INTEGER NOT NULL, legs BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE entries (account_id BLOB, version INTEGER, transaction_id BLOB NOT NULL, amount INTEGER NOT NULL,
            posted_after INTEGER NOT NULL, time_us INTEGER NOT NULL, PRIMARY KEY (account_id, version)) WITHOUT ROWID;
        CREATE TABLE events (seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, subject BLOB NOT NULL,
            version INTEGER NOT NULL, time_us INTEGER NOT NULL, data BLOB NOT NULL);
        CREATE TABLE outcomes (id BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, subject BLOB NOT NULL,
            balance INTEGER NOT NULL, time_us INTEGER NOT NULL) WITHOUT ROWID;
        """;

    /// <summary>A new database of a MySQL server; everything has the server's defaults.</summary>
    public static NaiveEngine OfMySql(string primary, string database)
    {
        Execute(new MySqlConnection(primary), $"CREATE DATABASE {database}; USE {database}; {MySqlTables}");
        var address = new MySqlConnectionStringBuilder(primary) { Database = database }.ConnectionString;
        return new NaiveEngine(
            () => new MySqlConnection(address), " FOR UPDATE",
            fault => fault is MySqlException { ErrorCode: MySqlErrorCode.LockDeadlock or MySqlErrorCode.LockWaitTimeout },
            () =>
            {
                using var any = new MySqlConnection(address);
                MySqlConnection.ClearPool(any);
            });
    }

    /// <summary>A new SQLite file; everything has ADO.NET's defaults, which make a commit durable.</summary>
    public static NaiveEngine OfSqlite(string path)
    {
        var address = $"Data Source={path}";
        Execute(new SqliteConnection(address), SqliteTables);
        // A transaction has the file to itself from its beginning.
        return new NaiveEngine(
            () => new SqliteConnection(address), "", _ => false,
            () =>
            {
                using var any = new SqliteConnection(address);
                SqliteConnection.ClearPool(any);
            });
    }

    private static void Execute(DbConnection connection, string text)
    {
        using (connection)
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = text;
            command.ExecuteNonQuery();
        }
    }
}
