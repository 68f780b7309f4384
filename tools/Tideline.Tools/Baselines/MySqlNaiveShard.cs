#pragma warning disable CA2100 // The texts of commands are constants.
using System.Buffers.Binary;
using System.Text;
using MySqlConnector;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// A MySQL database as a typical service uses it: each transfer takes a connection from the driver's pool, and is one
/// transaction of single-row statements with parameters that locks both accounts, always in the same order. A
/// transaction that met a deadlock is tried again.
/// </summary>
internal sealed class MySqlNaiveShard : INaiveShard
{
    private const int LoadRows = 1_000;
    private const string Tables = """
        CREATE TABLE accounts (id BINARY(16) PRIMARY KEY, customer_id BINARY(16), currency CHAR(3) NOT NULL, status INT NOT NULL, overdraft_limit BIGINT NOT NULL,
            posted BIGINT NOT NULL, pending BIGINT NOT NULL, entry_version BIGINT NOT NULL);
        CREATE TABLE transactions (id BINARY(16) PRIMARY KEY, kind INT NOT NULL, currency CHAR(3) NOT NULL, amount BIGINT NOT NULL, reference VARCHAR(512), time_us BIGINT NOT NULL,
            legs BLOB NOT NULL);
        CREATE TABLE entries (account_id BINARY(16), version BIGINT, transaction_id BINARY(16) NOT NULL, amount BIGINT NOT NULL, posted_after BIGINT NOT NULL,
            time_us BIGINT NOT NULL, PRIMARY KEY (account_id, version));
        CREATE TABLE events (seq BIGINT AUTO_INCREMENT PRIMARY KEY, type INT NOT NULL, subject BINARY(16) NOT NULL, version BIGINT NOT NULL, time_us BIGINT NOT NULL, data BLOB NOT NULL);
        CREATE TABLE outcomes (id BINARY(16) PRIMARY KEY, fingerprint BINARY(16) NOT NULL, subject BINARY(16) NOT NULL, balance BIGINT NOT NULL, time_us BIGINT NOT NULL);
        """;

    private readonly string _connectionString;
    private readonly byte[][] _accounts;
    private readonly byte[] _event, _legs = new byte[48];
    private long _made;

    public MySqlNaiveShard(string primary, string database, int accounts, PayloadSizes sizes, SeededRandom random)
    {
        _event = new byte[sizes.EventBytes];
        using (var server = new MySqlConnection(primary))
        {
            server.Open();
            using var make = new MySqlCommand($"CREATE DATABASE {database}; USE {database}; {Tables}", server);
            make.ExecuteNonQuery();
        }

        _connectionString = new MySqlConnectionStringBuilder(primary) { Database = database }.ConnectionString;
        _accounts = Load(accounts, random);
    }

    public void Transfer(SeededRandom random, long timeUs)
    {
        var from = random.Below(_accounts.Length);
        var to = random.Below(_accounts.Length);
        if (from == to) to = (from + 1) % _accounts.Length;
        var (id, key) = (NextId(random), random.NextGuid().ToByteArray());
        long amount = 1 + random.Below(100);
        while (!TryTransfer(_accounts[from], _accounts[to], id, key, amount, timeUs))
        {
        }
    }

    public void Dispose()
    {
        using var connection = new MySqlConnection(_connectionString);
        MySqlConnection.ClearPool(connection);
    }

    private bool TryTransfer(byte[] from, byte[] to, byte[] id, byte[] key, long amount, long timeUs)
    {
        using var connection = new MySqlConnection(_connectionString);
        connection.Open();
        using var transaction = connection.BeginTransaction();
        try
        {
            using var known = Command(transaction, "SELECT 1 FROM outcomes WHERE id = @1", key);
            if (known.ExecuteScalar() is not null)
                throw new InvalidOperationException("The baseline's own data repeats a key.");
            var isFromFirst = from.AsSpan().SequenceCompareTo(to) < 0;
            var first = Read(transaction, isFromFirst ? from : to, isFromFirst ? -amount : amount);
            var second = Read(transaction, isFromFirst ? to : from, isFromFirst ? amount : -amount);
            Move(transaction, from, isFromFirst ? first : second, -amount, id, 5, timeUs);
            var balance = Move(transaction, to, isFromFirst ? second : first, amount, id, 6, timeUs);
            Run(transaction,
                "INSERT INTO transactions VALUES (@1, 1, 'EUR', @2, NULL, @3, @4)", id, amount, timeUs, _legs);
            Run(transaction, "INSERT INTO outcomes VALUES (@1, @2, @3, @4, @5)", key, key, id, balance, timeUs);
            transaction.Commit();
            return true;
        }
        catch (MySqlException fault)
            when (fault.ErrorCode is MySqlErrorCode.LockDeadlock or MySqlErrorCode.LockWaitTimeout)
        {
            return false;
        }
    }

    private static (long Posted, long Version) Read(MySqlTransaction transaction, byte[] account, long amount)
    {
        using var read = Command(transaction, "SELECT posted, pending, overdraft_limit, status, currency, "
            + "entry_version FROM accounts WHERE id = @1 FOR UPDATE", account);
        using var row = read.ExecuteReader();
        if (!row.Read() || row.GetInt64(3) != 0
            || row.GetString(4) != "EUR" || row.GetInt64(0) - row.GetInt64(1) + row.GetInt64(2) + amount < 0)
            throw new InvalidOperationException("The baseline's own data refuses a transfer.");
        return (row.GetInt64(0), row.GetInt64(5));
    }

    private long Move(MySqlTransaction transaction, byte[] account, (long Posted,
        long Version) row, long amount, byte[] id, int type, long timeUs)
    {
        Run(transaction, "UPDATE accounts SET posted = @1, entry_version = @2 WHERE id = @3",
            row.Posted + amount, row.Version + 1, account);
        Run(transaction, "INSERT INTO entries VALUES (@1, @2, @3, @4, @5, @6)",
            account, row.Version + 1, id, amount, row.Posted + amount, timeUs);
        Run(transaction, "INSERT INTO events (type, subject, version, time_us, data) VALUES (@1, @2, @3, @4, @5)",
            (long)type, account, row.Version + 1, timeUs, _event);
        return row.Posted + amount;
    }

    private byte[][] Load(int count, SeededRandom random)
    {
        var accounts = Enumerable.Range(0, count).Select(_ => random.NextGuid().ToByteArray()).ToArray();
        using var connection = new MySqlConnection(_connectionString);
        connection.Open();
        foreach (var some in accounts.Chunk(LoadRows))
        {
            var insert = new StringBuilder("INSERT INTO accounts VALUES ");
            foreach (var id in some)
                insert.Append(System.Globalization.CultureInfo.InvariantCulture, $"(0x{Convert.ToHexString(id)}, "
                    + $"0x{Convert.ToHexString(id)}, 'EUR', 0, 0, {IRawShard.FundsMinor}, 0, 1),");
            using var command = new MySqlCommand(insert.ToString(0, insert.Length - 1), connection);
            command.ExecuteNonQuery();
        }

        return accounts;
    }

    private static MySqlCommand Command(MySqlTransaction transaction, string text, params ReadOnlySpan<object> values)
    {
        var command = new MySqlCommand(text, transaction.Connection, transaction);
        for (var index = 0; index < values.Length; index++)
            command.Parameters.AddWithValue($"@{index + 1}", values[index]);
        return command;
    }

    private static void Run(MySqlTransaction transaction, string text, params ReadOnlySpan<object> values)
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
