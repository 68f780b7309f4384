#pragma warning disable CA2100 // The texts of commands are constants, and literals of ids.
using System.Buffers.Binary;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// One shard as a typical .NET service uses its database: each transfer takes a connection from the driver's pool, and
/// is one transaction of single-row statements with parameters that reads both accounts, always in the same order. A
/// transaction that met another is repeated.
/// </summary>
internal sealed class NaiveShard : IDisposable
{
    private const int LoadRows = 1_000;
    private readonly NaiveEngine _engine;
    private readonly byte[][] _accounts;
    private readonly byte[] _event, _legs = new byte[48];
    private long _made;

    public NaiveShard(NaiveEngine engine, int accounts, PayloadSizes sizes, SeededRandom random)
    {
        (_engine, _event) = (engine, new byte[sizes.EventBytes]);
        _accounts = Load(accounts, random);
    }

    /// <summary>
    /// One transfer between two of the shard's accounts, durable when it returns. For any number of threads.
    /// </summary>
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

    public void Dispose() => _engine.Close();

    private bool TryTransfer(byte[] from, byte[] to, byte[] id, byte[] key, long amount, long timeUs)
    {
        using var connection = _engine.Connection();
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
        catch (DbException fault) when (_engine.IsConflict(fault))
        {
            return false;
        }
    }

    private (long Posted, long Version) Read(DbTransaction transaction, byte[] account, long amount)
    {
        using var read = Command(transaction, "SELECT posted, pending, overdraft_limit, status, currency, "
            + "entry_version FROM accounts WHERE id = @1" + _engine.ReadLock, account);
        using var row = read.ExecuteReader();
        if (!row.Read() || row.GetInt64(3) != 0
            || row.GetString(4) != "EUR" || row.GetInt64(0) - row.GetInt64(1) + row.GetInt64(2) + amount < 0)
            throw new InvalidOperationException("The baseline's own data refuses a transfer.");
        return (row.GetInt64(0), row.GetInt64(5));
    }

    private long Move(DbTransaction transaction, byte[] account,
        (long Posted, long Version) row, long amount, byte[] id, int type, long timeUs)
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
        using var connection = _engine.Connection();
        connection.Open();
        using var transaction = connection.BeginTransaction();
        foreach (var some in accounts.Chunk(LoadRows))
        {
            var insert = new StringBuilder("INSERT INTO accounts VALUES ");
            foreach (var id in some)
                insert.Append(CultureInfo.InvariantCulture, $"(X'{Convert.ToHexString(id)}', ")
                    .Append(CultureInfo.InvariantCulture,
                        $"X'{Convert.ToHexString(id)}', 'EUR', 0, 0, {IRawShard.FundsMinor}, 0, 1),");
            Run(transaction, insert.ToString(0, insert.Length - 1));
        }

        transaction.Commit();
        return accounts;
    }

    private static DbCommand Command(DbTransaction transaction, string text, params ReadOnlySpan<object> values)
    {
        var command = transaction.Connection!.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, text);
        for (var index = 0; index < values.Length; index++)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"@{index + 1}", values[index]);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static void Run(DbTransaction transaction, string text, params ReadOnlySpan<object> values)
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
