#pragma warning disable CA2000, CA2100, CA2213 // Commands live as long as their connection; their texts are constants.
using Microsoft.Data.Sqlite;
using Tideline.Bench.Load;

namespace Tideline.Bench.Baselines;

/// <summary>A shard file that one client at a time writes, through ADO.NET and with the ledger's settings of durability.</summary>
internal sealed class NaiveShard : IDisposable
{
    private const string Tables = """
        PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=16000;
        CREATE TABLE accounts (id BLOB PRIMARY KEY, customer_id BLOB, currency TEXT NOT NULL, status INTEGER NOT NULL, overdraft_limit INTEGER NOT NULL,
            posted INTEGER NOT NULL, pending INTEGER NOT NULL, entry_version INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE transactions (id BLOB PRIMARY KEY, kind INTEGER NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL, reference TEXT, time_us INTEGER NOT NULL,
            legs BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE entries (account_id BLOB, version INTEGER, transaction_id BLOB NOT NULL, amount INTEGER NOT NULL, posted_after INTEGER NOT NULL,
            time_us INTEGER NOT NULL, PRIMARY KEY (account_id, version)) WITHOUT ROWID;
        CREATE TABLE events (seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, subject BLOB NOT NULL, version INTEGER NOT NULL, time_us INTEGER NOT NULL, data BLOB NOT NULL);
        CREATE TABLE outcomes (key BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, subject BLOB NOT NULL, balance INTEGER NOT NULL, time_us INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE sagas (id BLOB PRIMARY KEY, definition TEXT NOT NULL, state INTEGER NOT NULL, step INTEGER NOT NULL, data BLOB NOT NULL, history BLOB NOT NULL,
            created_us INTEGER NOT NULL) WITHOUT ROWID;
        """;

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly SeededRandom _random;
    private readonly Guid[] _accounts;
    private readonly byte[] _event, _saga, _history, _legs = new byte[48];
    private readonly SqliteCommand _known, _read, _account, _entry, _transaction, _insertEvent, _outcome, _insertSaga;
    private long _made, _seq;

    public NaiveShard(string path, int accounts, PayloadSizes sizes, SeededRandom random)
    {
        (_random, _event, _saga, _history) = (random, new byte[sizes.EventBytes], new byte[sizes.SagaDataBytes], new byte[sizes.SagaHistoryBytes]);
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        Command(Tables).ExecuteNonQuery();
        _accounts = Load(accounts);
        _known = Command("SELECT 1 FROM outcomes WHERE key = $1");
        _read = Command("SELECT posted, pending, overdraft_limit, status, currency, entry_version FROM accounts WHERE id = $1");
        _account = Command("UPDATE accounts SET posted = $1, entry_version = $2 WHERE id = $3");
        _entry = Command("INSERT INTO entries VALUES ($1, $2, $3, $4, $5, $6)");
        _transaction = Command("INSERT INTO transactions VALUES ($1, 1, 'EUR', $2, NULL, $3, $4)");
        _insertEvent = Command("INSERT INTO events VALUES ($1, $2, $3, $4, $5, $6)");
        _outcome = Command("INSERT INTO outcomes VALUES ($1, $2, $3, $4, $5)");
        _insertSaga = Command("INSERT INTO sagas VALUES ($1, 'transfer', 1, 3, $2, $3, $4)");
    }

    public void Transfer(long timeUs)
    {
        lock (_gate)
        {
            var from = _random.Below(_accounts.Length);
            var to = _random.Below(_accounts.Length);
            if (from == to) to = (from + 1) % _accounts.Length;
            var (id, key) = (NextId(), _random.NextGuid().ToByteArray());
            long amount = 1 + _random.Below(100);
            using var transaction = _connection.BeginTransaction();
            _known.Transaction = transaction;
            if (Set(_known, key).ExecuteScalar() is not null) throw new InvalidOperationException("The baseline's own data repeats a key.");
            Move(transaction, _accounts[from], -amount, id, 5, timeUs);
            var balance = Move(transaction, _accounts[to], amount, id, 6, timeUs);
            Run(transaction, _transaction, id, amount, timeUs, _legs);
            Run(transaction, _outcome, key, key, id, balance, timeUs);
            Run(transaction, _insertSaga, id, _saga, _history, timeUs);
            transaction.Commit();
        }
    }

    public void Dispose() => _connection.Dispose();

    private long Move(SqliteTransaction transaction, Guid account, long amount, byte[] id, int type, long timeUs)
    {
        var subject = account.ToByteArray();
        var (posted, version) = Read(transaction, subject, amount);
        Run(transaction, _account, posted + amount, version + 1, subject);
        Run(transaction, _entry, subject, version + 1, id, amount, posted + amount, timeUs);
        Run(transaction, _insertEvent, ++_seq, (long)type, subject, version + 1, timeUs, _event);
        return posted + amount;
    }

    private (long Posted, long Version) Read(SqliteTransaction transaction, byte[] account, long amount)
    {
        _read.Transaction = transaction;
        using var row = Set(_read, account).ExecuteReader();
        if (!row.Read() || row.GetInt64(3) != 0 || row.GetString(4) != "EUR" || row.GetInt64(0) - row.GetInt64(1) + row.GetInt64(2) + amount < 0)
            throw new InvalidOperationException("The baseline's own data refuses a transfer.");
        return (row.GetInt64(0), row.GetInt64(5));
    }

    private Guid[] Load(int count)
    {
        var accounts = new Guid[count];
        using var transaction = _connection.BeginTransaction();
        using var insert = Command("INSERT INTO accounts VALUES ($1, $2, 'EUR', 0, 0, $3, 0, 1)");
        for (var index = 0; index < count; index++)
        {
            accounts[index] = _random.NextGuid();
            Run(transaction, insert, accounts[index].ToByteArray(), accounts[index].ToByteArray(), BaselineShard.FundsMinor);
        }

        transaction.Commit();
        return accounts;
    }

    private SqliteCommand Command(string text)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        for (var number = 1; text.Contains($"${number}", StringComparison.Ordinal); number++) command.Parameters.Add(new SqliteParameter($"${number}", null));
        return command;
    }

    private static SqliteCommand Set(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var index = 0; index < values.Length; index++) command.Parameters[index].Value = values[index];
        return command;
    }

    private static void Run(SqliteTransaction transaction, SqliteCommand command, params ReadOnlySpan<object> values)
    {
        command.Transaction = transaction;
        Set(command, values).ExecuteNonQuery();
    }

    // Ordered like UUIDs of version 7, so that transactions and sagas grow at their ends.
    private byte[] NextId()
    {
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, ++_made);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), _random.Next());
        return bytes;
    }
}
