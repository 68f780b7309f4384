#pragma warning disable CA2100 // The texts of commands are constants.
using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// A shard file as a typical service uses it: each transfer takes a connection from ADO.NET's pool, and everything has
/// its default, which makes a commit durable.
/// </summary>
internal sealed class SqliteNaiveShard : INaiveShard
{
    private const string Tables = """
        PRAGMA journal_mode=WAL;
        CREATE TABLE accounts (account_id BLOB PRIMARY KEY, customer_id BLOB, currency TEXT NOT NULL, status INTEGER NOT NULL, overdraft_limit INTEGER NOT NULL,
            balance INTEGER NOT NULL, pending INTEGER NOT NULL, entry_version INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE transactions (id BLOB PRIMARY KEY, kind INTEGER NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL, reference TEXT, time_us INTEGER NOT NULL,
            legs BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE entries (account_id BLOB, entry_version INTEGER, transaction_id BLOB NOT NULL, amount INTEGER NOT NULL,
            balance_after INTEGER NOT NULL, time_us INTEGER NOT NULL, PRIMARY KEY (account_id, entry_version)) WITHOUT ROWID;
        CREATE TABLE events (seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, subject BLOB NOT NULL, version INTEGER NOT NULL, time_us INTEGER NOT NULL, data BLOB NOT NULL);
        CREATE TABLE outcomes (key BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, subject BLOB NOT NULL, balance INTEGER NOT NULL, time_us INTEGER NOT NULL) WITHOUT ROWID;
        """;

    private readonly string _connectionString;
    private readonly Guid[] _accounts;
    private readonly byte[] _event, _legs = new byte[48];
    private long _made;

    public SqliteNaiveShard(string path, int accounts, PayloadSizes sizes, SeededRandom random)
    {
        _event = new byte[sizes.EventBytes];
        _connectionString = $"Data Source={path}";
        using var connection = Open();
        using var tables = new SqliteCommand(Tables, connection);
        tables.ExecuteNonQuery();
        _accounts = Load(connection, accounts, random);
    }

    public void Transfer(SeededRandom random, long timeUs)
    {
        var from = random.Below(_accounts.Length);
        var to = random.Below(_accounts.Length);
        if (from == to) to = (from + 1) % _accounts.Length;
        var (id, key) = (NextId(random), random.NextGuid().ToByteArray());
        long amount = 1 + random.Below(100);
        using var connection = Open();
        using var transaction = connection.BeginTransaction();
        using var known = Command(transaction, "SELECT 1 FROM outcomes WHERE key = $1", key);
        if (known.ExecuteScalar() is not null)
            throw new InvalidOperationException("The baseline's own data repeats a key.");
        Move(transaction, _accounts[from], -amount, id, 5, timeUs);
        var balance = Move(transaction, _accounts[to], amount, id, 6, timeUs);
        Run(transaction, "INSERT INTO transactions VALUES ($1, 1, 'EUR', $2, NULL, $3, $4)", id, amount, timeUs, _legs);
        Run(transaction, "INSERT INTO outcomes VALUES ($1, $2, $3, $4, $5)", key, key, id, balance, timeUs);
        transaction.Commit();
    }

    public void Dispose()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }

    private long Move(SqliteTransaction transaction, Guid account, long amount, byte[] id, int type, long timeUs)
    {
        var subject = account.ToByteArray();
        var (posted, version) = Read(transaction, subject, amount);
        Run(transaction, "UPDATE accounts SET balance = $1, entry_version = $2 WHERE account_id = $3",
            posted + amount, version + 1, subject);
        Run(transaction, "INSERT INTO entries VALUES ($1, $2, $3, $4, $5, $6)",
            subject, version + 1, id, amount, posted + amount, timeUs);
        Run(transaction, "INSERT INTO events (type, subject, version, time_us, data) VALUES ($1, $2, $3, $4, $5)",
            (long)type, subject, version + 1, timeUs, _event);
        return posted + amount;
    }

    private static (long Posted, long Version) Read(SqliteTransaction transaction, byte[] account, long amount)
    {
        using var read = Command(transaction, "SELECT balance, pending, overdraft_limit, status, currency, "
            + "entry_version FROM accounts WHERE account_id = $1", account);
        using var row = read.ExecuteReader();
        if (!row.Read() || row.GetInt64(3) != 0
            || row.GetString(4) != "EUR" || row.GetInt64(0) - row.GetInt64(1) + row.GetInt64(2) + amount < 0)
            throw new InvalidOperationException("The baseline's own data refuses a transfer.");
        return (row.GetInt64(0), row.GetInt64(5));
    }

    private static Guid[] Load(SqliteConnection connection, int count, SeededRandom random)
    {
        var accounts = new Guid[count];
        using var transaction = connection.BeginTransaction();
        for (var index = 0; index < count; index++)
        {
            accounts[index] = random.NextGuid();
            var id = accounts[index].ToByteArray();
            Run(transaction,
                "INSERT INTO accounts VALUES ($1, $2, 'EUR', 0, 0, $3, 0, 1)", id, id, IRawShard.FundsMinor);
        }

        transaction.Commit();
        return accounts;
    }

    private static SqliteCommand Command(SqliteTransaction transaction, string text, params ReadOnlySpan<object> values)
    {
        var command = new SqliteCommand(text, transaction.Connection, transaction);
        for (var index = 0; index < values.Length; index++)
            command.Parameters.AddWithValue($"${index + 1}", values[index]);
        return command;
    }

    private static void Run(SqliteTransaction transaction, string text, params ReadOnlySpan<object> values)
    {
        using var command = Command(transaction, text, values);
        command.ExecuteNonQuery();
    }

    // Ordered like UUIDs of version 7, so that transactions grow at their end.
    private byte[] NextId(SeededRandom random)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, Interlocked.Increment(ref _made));
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), random.Next());
        return bytes;
    }
}
