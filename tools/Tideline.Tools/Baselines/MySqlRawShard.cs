using MySqlConnector;
using Tideline.Engines.Failover;
using Tideline.Engines.Ledger;
using Tideline.Engines.Ledger.MySql;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// One shard of the raw baseline on MySQL: a batch is a statement of many rows for each table, all in one round trip
/// with their COMMIT.
/// </summary>
internal sealed class MySqlRawShard : IRawShard
{
    private const int LegBytes = 24;
    private const int LoadRows = 1_000;
    private readonly MySqlAddress _address;
    private readonly MySqlConnection _connection;
    private readonly SqlText _accounts = new(), _transactions =
        new(), _entries = new(), _events = new(), _outcomes = new(), _all = new();
    private readonly byte[] _event, _legs = new byte[2 * LegBytes];
    private long _seq;

    public MySqlRawShard(string primary, string database, int shard, int accounts, PayloadSizes sizes, ulong seed)
    {
        Random = new SeededRandom(seed + (ulong)shard);
        _address = new MySqlAddress(new PrimaryFinder(GroupAddress.Parse(primary)), database);
        _connection = _address.OpenWriter();
        _event = Filled(sizes.EventBytes, 'e');
        Accounts = Load(accounts);
    }

    public SeededRandom Random { get; }

    public BaselineAccount[] Accounts { get; }

    public void Begin()
    {
        _accounts.Clear().Add($"INSERT INTO accounts ({LedgerColumns.Accounts}) VALUES ");
        _transactions.Clear().Add($"INSERT INTO transactions ({LedgerColumns.Transactions}) VALUES ");
        _entries.Clear().Add($"INSERT INTO entries ({LedgerColumns.Entries}) VALUES ");
        _events.Clear().Add($"INSERT INTO events ({LedgerColumns.Events}) VALUES ");
        _outcomes.Clear().Add($"INSERT INTO outcomes ({LedgerColumns.Outcomes}) VALUES ");
    }

    public void UpdateAccount(BaselineAccount account) => Account(_accounts, account);

    public void InsertTransaction(Guid id, long amount, long timeUs) =>
        _transactions.Add("(").Value(id).Add(",1,'EUR',")
            .Value(amount).Add(",NULL,").Value(id).Add(",").Value(timeUs).Add(",").Value(_legs)
            .Add(",NULL,NULL,NULL,NULL,NULL,NULL),");

    public void InsertEntry(in BaselineEntry entry, long timeUs) =>
        _entries.Add("(").Value(entry.Account).Add(",").Value(entry.Version).Add(",").Value(entry.Transaction).Add(",")
        .Value(entry.Amount).Add(",").Value(entry.PostedAfter).Add(",").Value(timeUs).Add("),");

    public void InsertEvent(int type, Guid subject, long version, long timeUs) =>
        _events.Add("(").Value(++_seq).Add(",").Value(type)
            .Add(",").Value(subject).Add(",").Value(version).Add(",").Value(timeUs).Add(",").Value(_event).Add("),");

    public void InsertOutcome(Guid key, Guid subject, long balance, bool reserved, long timeUs) =>
        _outcomes.Add("(").Value(key).Add(",").Value(key).Add(",").Value(reserved ? 0 : 1).Add(",")
        .Value(subject).Add(",").Value(balance).Add(",").Value(_seq).Add(",0,NULL,").Value(timeUs).Add("),");

    public void Commit(long timeUs)
    {
        _all.Clear().Add("START TRANSACTION;").Add(_accounts.Back(1).ToString())
            .Add(" AS n ON DUPLICATE KEY UPDATE balance=n.balance,entry_version=n.entry_version,version=n.version;");
        foreach (var table in (SqlText[])[_transactions, _entries, _events, _outcomes])
            _all.Add(table.Back(1).ToString()).Add(";");
        _all.Add("UPDATE shard_head SET time_us = ").Value(timeUs).Add(";COMMIT");
        using var command = new MySqlCommand(
            _all.ToString(), _connection)
        { CommandTimeout = MySqlLimits.SilenceSeconds };
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _connection.Dispose();
        _address.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static void Account(SqlText sql, BaselineAccount account) => sql.Add("(")
        .Value(account.Id).Add(",").Value(account.Id).Add(",0,'EUR',0,0,").Value(account.Posted).Add(",0,0,")
        .Value(account.Version).Add(",").Value(account.Version).Add(",NULL,0,0),");

    private static byte[] Filled(int length, char with)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)with);
        return bytes;
    }

    private BaselineAccount[] Load(int count)
    {
        var accounts = Enumerable.Range(0, count).Select(
            _ => new BaselineAccount(Random.NextGuid()) { Posted = IRawShard.FundsMinor, Version = 1 }).ToArray();
        foreach (var some in accounts.OrderBy(account => account.Id).Chunk(LoadRows))
        {
            var insert = new SqlText().Add($"INSERT INTO accounts ({LedgerColumns.Accounts}) VALUES ");
            foreach (var account in some) Account(insert, account);
            using var command = new MySqlCommand(insert.Back(1).ToString(), _connection);
            command.ExecuteNonQuery();
        }

        return accounts;
    }
}
