using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The tables of a shard. Nothing is stored twice: what a row's key or another row says is not repeated. Entries and outcomes, whose keys come in no order,
/// only grow at their end; where a row is, their indexes say (<see cref="TailIndex{TKey}"/>).
/// </summary>
internal static class LedgerSchema
{
    /// <summary>Grows with every change that an older program could not read.</summary>
    public const int FormatVersion = 1;

    private const string Tables = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 0), epoch INTEGER NOT NULL, message_seq INTEGER NOT NULL, time_us INTEGER NOT NULL,
            entries_indexed INTEGER NOT NULL, outcomes_indexed INTEGER NOT NULL) STRICT;
        INSERT INTO head VALUES (0, 0, 0, 0, 0, 0);

        CREATE TABLE customers (id BLOB PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, country TEXT NOT NULL, version INTEGER NOT NULL,
            created_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE accounts (id BLOB PRIMARY KEY, customer_id BLOB, kind INTEGER NOT NULL, currency TEXT NOT NULL, status INTEGER NOT NULL,
            overdraft_limit INTEGER NOT NULL, posted INTEGER NOT NULL, pending_in INTEGER NOT NULL, pending_out INTEGER NOT NULL, entry_version INTEGER NOT NULL,
            version INTEGER NOT NULL, iban TEXT, created_us INTEGER NOT NULL,
            returnable INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX accounts_of_customer ON accounts (customer_id) WHERE customer_id IS NOT NULL;

        CREATE TABLE transactions (id BLOB PRIMARY KEY, kind INTEGER NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL, reference TEXT, saga_id BLOB,
            time_us INTEGER NOT NULL, legs BLOB NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE entries (row INTEGER PRIMARY KEY, account_id BLOB NOT NULL, version INTEGER NOT NULL, transaction_id BLOB NOT NULL, amount INTEGER NOT NULL,
            posted_after INTEGER NOT NULL, time_us INTEGER NOT NULL) STRICT;
        CREATE TABLE entry_index (account_id BLOB, version INTEGER, row INTEGER NOT NULL, PRIMARY KEY (account_id, version)) STRICT, WITHOUT ROWID;

        CREATE TABLE holds (id BLOB PRIMARY KEY, account_id BLOB NOT NULL, amount INTEGER NOT NULL, captured INTEGER NOT NULL, status INTEGER NOT NULL,
            expires_us INTEGER NOT NULL, reference TEXT, created_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX holds_open ON holds (expires_us) WHERE status = 0;

        CREATE TABLE outcomes (row INTEGER PRIMARY KEY, key BLOB NOT NULL, fingerprint BLOB NOT NULL, kind INTEGER NOT NULL, subject BLOB NOT NULL,
            balance INTEGER NOT NULL, seq INTEGER NOT NULL, reason INTEGER NOT NULL, detail TEXT, time_us INTEGER NOT NULL) STRICT;
        CREATE TABLE outcome_index (key BLOB PRIMARY KEY, row INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE claims (name TEXT PRIMARY KEY, key BLOB NOT NULL, subject BLOB NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE sagas (id BLOB PRIMARY KEY, definition TEXT NOT NULL, definition_version INTEGER NOT NULL, state INTEGER NOT NULL, step INTEGER NOT NULL,
            attempts INTEGER NOT NULL, wake_us INTEGER, data BLOB NOT NULL, history BLOB NOT NULL, created_us INTEGER NOT NULL,
            updated_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX sagas_due ON sagas (wake_us) WHERE wake_us IS NOT NULL;
        CREATE INDEX sagas_not_completed ON sagas (state, id) WHERE state <> 1;

        CREATE TABLE events (seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, subject BLOB NOT NULL, version INTEGER NOT NULL, time_us INTEGER NOT NULL,
            data BLOB NOT NULL) STRICT;
        CREATE TABLE messages (seq INTEGER PRIMARY KEY, target_shard INTEGER NOT NULL, saga_id BLOB NOT NULL, type TEXT NOT NULL, data BLOB NOT NULL,
            time_us INTEGER NOT NULL) STRICT;
        CREATE TABLE blocks (number INTEGER PRIMARY KEY, from_seq INTEGER NOT NULL, through_seq INTEGER NOT NULL, previous_hash BLOB NOT NULL,
            hash BLOB NOT NULL, time_us INTEGER NOT NULL) STRICT;
        """;

    /// <summary>Makes the tables in one transaction if the file is new, else checks that this program can read them.</summary>
    /// <exception cref="TidelineException">IncompatibleData.</exception>
    public static void Ensure(SqliteDatabase database, int shard, int shards)
    {
        database.Begin();
        try
        {
            if (!Exists(database))
            {
                database.ExecuteScript(Tables);
                database.ExecuteScript(string.Create(CultureInfo.InvariantCulture,
                    $"INSERT INTO meta VALUES ('format', {FormatVersion}), ('shard', {shard}), ('shards', {shards})"));
            }

            Require(database, shard, shards);
            database.Commit();
        }
        catch
        {
            database.Rollback();
            throw;
        }
    }

    /// <summary>How many shards the installation has that a file belongs to; null when the file holds nothing yet.</summary>
    public static int? ShardsOf(SqliteDatabase database) => Exists(database) ? (int)(Meta(database, "shards") ?? 0) : null;

    private static void Require(SqliteDatabase database, int shard, int shards)
    {
        var file = Path.GetFileName(database.Path);
        var format = Meta(database, "format");
        if (format != FormatVersion)
            throw new TidelineException(ErrorCode.IncompatibleData, $"{file} has format {format}; this program knows format {FormatVersion}. A newer version of Tideline wrote it: use that one.");
        var (storedShard, storedShards) = (Meta(database, "shard"), Meta(database, "shards"));
        if (storedShard != shard || storedShards != shards)
            throw new TidelineException(ErrorCode.IncompatibleData, $"{file} is shard {storedShard} of {storedShards}, but shard {shard} of {shards} was asked for. The number of shards is fixed when the data is made.");
    }

    private static bool Exists(SqliteDatabase database)
    {
        var statement = database.Prepare("SELECT 1 FROM sqlite_schema WHERE name = 'meta'");
        var exists = statement.Step();
        statement.Reset();
        return exists;
    }

    private static long? Meta(SqliteDatabase database, string name)
    {
        var statement = database.Prepare("SELECT value FROM meta WHERE name = ?").Bind(name);
        var value = statement.Step() ? statement.Long(0) : (long?)null;
        statement.Reset();
        return value;
    }
}
