using System.Globalization;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// The tables of a shard. Nothing is stored twice: what a row's key or another row says is not repeated. Entries and
/// outcomes, whose keys come in no order, only grow at their end: an entry knows where its account's earlier ones are
/// (<see cref="EntryChain"/>), an outcome is found by <see cref="OutcomeIndex"/>.
/// </summary>
internal static class LedgerSchema
{
    /// <summary>Grows with every change that an older program could not read.</summary>
    public const int FormatVersion = 4;

    private const string Tables = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 0), epoch INTEGER NOT NULL, message_seq INTEGER NOT NULL, time_us INTEGER NOT NULL,
            outcomes_indexed INTEGER NOT NULL, commits INTEGER NOT NULL) STRICT;
        INSERT INTO head VALUES (0, 0, 0, 0, 0, 0);

        CREATE TABLE epochs (number INTEGER PRIMARY KEY, installation BLOB NOT NULL, event_seq INTEGER NOT NULL,
            message_seq INTEGER NOT NULL, block_number INTEGER NOT NULL, begun_us INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;

        CREATE TABLE customers (id BLOB PRIMARY KEY, profile BLOB NOT NULL, version INTEGER NOT NULL,
            created_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE accounts (id BLOB PRIMARY KEY, customer_id BLOB, kind INTEGER NOT NULL, currency TEXT NOT NULL, status INTEGER NOT NULL,
            overdraft_limit INTEGER NOT NULL, posted INTEGER NOT NULL, pending_in INTEGER NOT NULL, pending_out INTEGER NOT NULL, entry_version INTEGER NOT NULL,
            version INTEGER NOT NULL, iban TEXT, created_us INTEGER NOT NULL,
            returnable INTEGER NOT NULL, entry_rows BLOB) STRICT, WITHOUT ROWID;
        CREATE INDEX accounts_of_customer ON accounts (customer_id) WHERE customer_id IS NOT NULL;

        CREATE TABLE transactions (id BLOB PRIMARY KEY, kind INTEGER NOT NULL, currency TEXT, amount INTEGER,
            reference TEXT, saga_id BLOB,
            time_us INTEGER NOT NULL, legs BLOB NOT NULL, value_date TEXT, code TEXT, external_reference TEXT,
            metadata TEXT,
            personal TEXT, counterparty_id BLOB) STRICT, WITHOUT ROWID;
        CREATE TABLE entries (row INTEGER PRIMARY KEY, account_id BLOB NOT NULL, version INTEGER NOT NULL, transaction_id BLOB NOT NULL, amount INTEGER NOT NULL,
            posted_after INTEGER NOT NULL, time_us INTEGER NOT NULL, previous INTEGER NOT NULL,
            jump INTEGER NOT NULL) STRICT;
        CREATE TABLE stray_entries (account_id BLOB PRIMARY KEY, entry_rows BLOB NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE holds (id BLOB PRIMARY KEY, account_id BLOB NOT NULL, amount INTEGER NOT NULL, captured INTEGER NOT NULL, status INTEGER NOT NULL,
            expires_us INTEGER NOT NULL, reference TEXT, created_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX holds_open ON holds (expires_us) WHERE status = 0;

        CREATE TABLE outcomes (row INTEGER PRIMARY KEY, key BLOB NOT NULL, fingerprint BLOB NOT NULL, kind INTEGER NOT NULL, subject BLOB NOT NULL,
            balance INTEGER NOT NULL, seq INTEGER NOT NULL, reason INTEGER NOT NULL, detail TEXT, time_us INTEGER NOT NULL) STRICT;
        CREATE TABLE outcome_index (key BLOB PRIMARY KEY, row INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE claims (space TEXT NOT NULL, name TEXT NOT NULL, claim_id BLOB NOT NULL, kind TEXT NOT NULL,
            subject BLOB NOT NULL, PRIMARY KEY (space, name)) STRICT, WITHOUT ROWID;

        CREATE TABLE aggregates (id BLOB PRIMARY KEY, kind TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL,
            at_rest INTEGER NOT NULL, wake_us INTEGER, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX aggregates_due ON aggregates (wake_us) WHERE wake_us IS NOT NULL;
        CREATE INDEX aggregates_by_state ON aggregates (state, id) WHERE at_rest = 0;

        CREATE TABLE events (seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, subject BLOB NOT NULL, version INTEGER NOT NULL, time_us INTEGER NOT NULL,
            data BLOB NOT NULL) STRICT;
        CREATE TABLE messages (seq INTEGER PRIMARY KEY, target_shard INTEGER NOT NULL, saga_id BLOB NOT NULL, type TEXT NOT NULL, data BLOB NOT NULL,
            time_us INTEGER NOT NULL) STRICT;
        CREATE TABLE blocks (number INTEGER PRIMARY KEY, from_seq INTEGER NOT NULL, through_seq INTEGER NOT NULL, previous_hash BLOB NOT NULL,
            hash BLOB NOT NULL, time_us INTEGER NOT NULL) STRICT;
        """;

    /// <summary>Makes the tables of a new shard in one transaction.</summary>
    public static void Create(SqliteDatabase database, int shard, int shards, EpochRow first)
    {
        database.Begin();
        try
        {
            database.ExecuteScript(Tables);
            database.ExecuteScript(string.Create(CultureInfo.InvariantCulture,
                $"INSERT INTO meta VALUES ('format', {FormatVersion}), ('shard', {shard}), ('shards', {shards})"));
            Epochs.Add(database, first);
            database.Commit();
        }
        catch
        {
            database.Rollback();
            throw;
        }
    }

    /// <summary>
    /// How many shards the installation has that a file belongs to; null when the file is not a shard's.
    /// </summary>
    public static int? ShardsOf(SqliteDatabase database) => Exists(database)
        ? (int)(Meta(database, "shards") ?? 0)
        : null;

    /// <summary>Checks that this program can read a shard's file.</summary>
    /// <exception cref="TidelineException">IncompatibleData, or Corrupt: it holds no shard.</exception>
    public static void Require(SqliteDatabase database, int shard, int shards)
    {
        var file = Path.GetFileName(database.Path);
        if (!Exists(database))
            throw new TidelineException(ErrorCode.Corrupt,
                $"{file} holds no ledger: its content is lost. Restore the data folder from a backup.");
        var format = Meta(database, "format");
        if (format != FormatVersion)
        {
            var writer = format < FormatVersion ? "An older" : "A newer";
            throw new TidelineException(ErrorCode.IncompatibleData,
                $"{file} has format {format}; this program knows format {FormatVersion}. " +
                $"{writer} version of Tideline wrote it: use that one.");
        }

        var (storedShard, storedShards) = (Meta(database, "shard"), Meta(database, "shards"));
        if (storedShard != shard || storedShards != shards)
            throw new TidelineException(ErrorCode.IncompatibleData, $"{file} is shard {storedShard} of {storedShards}, "
                + $"but shard {shard} of {shards} was asked for. The number of shards is fixed when the data is "
                + $"created.");
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
