#pragma warning disable CA2213 // The database closes its statements.
using Tideline.Engines.Ledger.Sqlite;
using Tideline.Engines.Sqlite;
using Tideline.Ledger.Installation;
using Tideline.Tools.Load;

namespace Tideline.Tools.Baselines;

/// <summary>
/// One shard of the raw baseline on SQLite: the ledger's own tables (by reference, so that they cannot drift) and
/// pragmas, with funded accounts, and the hand-written statements of a same-shard transfer. Entries are linked as the
/// ledger links them. Outcomes grow at their end; their index is written sorted, a generation at a time.
/// </summary>
internal sealed class SqliteRawShard : IRawShard
{
    private const int LegBytes = 24;
    private readonly SqliteDatabase _database;
    private readonly Checkpointer _checkpointer;
    private readonly SqliteStatement _account, _transaction, _entry, _event, _outcome, _outcomeIndex, _head;
    private readonly Dictionary<Guid, EntryTail> _tails = [];
    private readonly List<(Guid Key, long Row)> _newOutcomes = [];
    private readonly byte[] _eventData, _legs = new byte[2 * LegBytes];
    private long _seq, _entries, _outcomes;

    public SqliteRawShard(string folder, int shard, int shards, int accounts, PayloadSizes sizes, ulong seed)
    {
        Random = new SeededRandom(seed + (ulong)shard);
        _database = SqliteDatabase.OpenWriter(Path.Combine(folder, $"shard-{shard}.db"));
        LedgerSchema.Create(_database, shard, shards, new EpochRow(1, Guid.Empty, 0, 0, 0, 0, "bench"));
        // The log is copied back as the ledger has it done: a baseline that waited for that would flatter the ledger.
        _checkpointer = new Checkpointer(_database, writesOut: false);
        _account = _database.Prepare(
            "UPDATE accounts SET balance = ?, entry_version = ?, version = ?, entry_rows = ? WHERE account_id = ?");
        _transaction = _database.Prepare("INSERT INTO transactions VALUES (?, 1, 'EUR', ?, NULL, ?, ?, ?, "
            + "NULL, NULL, NULL, NULL, NULL, NULL)");
        _entry = _database.Prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        _event = _database.Prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");
        _outcome = _database.Prepare("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, 0, NULL, ?)");
        _outcomeIndex = _database.Prepare("INSERT INTO outcome_index VALUES (?, ?)");
        _head = _database.Prepare("UPDATE shard_head SET time_us = ? WHERE id = 0");
        _eventData = new byte[sizes.EventBytes];
        Array.Fill(_eventData, (byte)'e');
        Accounts = Load(accounts);
    }

    public SeededRandom Random { get; }

    public BaselineAccount[] Accounts { get; }

    public void Begin()
    {
        _checkpointer.BetweenTransactions();
        _database.Begin();
    }

    public void Commit(long timeUs)
    {
        _head.Bind(timeUs).Run();
        if (_newOutcomes.Count >= SqliteLedgerLimits.IndexGenerationRows) WriteIndex();
        _database.Commit();
    }

    public void UpdateAccount(BaselineAccount account) => _account
        .Bind(account.Posted).Bind(account.Version).Bind(account.Version)
        .Bind(_tails[account.Id].Pack(stackalloc byte[EntryTail.MostBytes])).Bind(account.Id).Run();

    public void InsertTransaction(Guid id, long amount, long timeUs) =>
        _transaction.Bind(id).Bind(amount).Bind(id).Bind(timeUs).Bind((ReadOnlySpan<byte>)_legs).Run();

    public void InsertEntry(in BaselineEntry entry, long timeUs)
    {
        var (previous, jump) = _tails[entry.Account].Append(entry.Version, ++_entries);
        _entry.Bind(_entries).Bind(entry.Account).Bind(entry.Version).Bind(entry.Transaction).Bind(entry.Amount)
            .Bind(entry.PostedAfter).Bind(timeUs).Bind(previous).Bind(jump).Run();
    }

    public void InsertEvent(int type, Guid subject, long version, long timeUs) =>
        _event.Bind(++_seq)
            .Bind(type).Bind(subject).Bind(version).Bind(timeUs).Bind((ReadOnlySpan<byte>)_eventData).Run();

    public void InsertOutcome(Guid key, Guid subject, long balance, bool reserved, long timeUs)
    {
        _outcome.Bind(++_outcomes)
            .Bind(key).Bind(key).Bind(reserved ? 0 : 1).Bind(subject).Bind(balance).Bind(_seq).Bind(timeUs).Run();
        _newOutcomes.Add((key, _outcomes));
    }

    public void Dispose()
    {
        _checkpointer.Dispose();
        _database.Dispose();
    }

    private void WriteIndex()
    {
        _newOutcomes.Sort();
        foreach (var (key, row) in _newOutcomes) _outcomeIndex.Bind(key).Bind(row).Run();
        _newOutcomes.Clear();
    }

    private BaselineAccount[] Load(int count)
    {
        var accounts = new BaselineAccount[count];
        var insert = _database.Prepare(
            "INSERT INTO accounts VALUES (?, ?, 0, 'EUR', 0, 0, ?, 0, 0, 1, 1, NULL, 0, 0, NULL)");
        for (var index = 0; index < count; index++)
            accounts[index] = new BaselineAccount(Random.NextGuid()) { Posted = IRawShard.FundsMinor, Version = 1 };
        foreach (var account in accounts) _tails.Add(account.Id, new EntryTail([]));
        _database.Begin();
        foreach (var account in accounts.OrderBy(account => account.Id))
            insert.Bind(account.Id).Bind(account.Id).Bind(account.Posted).Run();
        _database.Commit();
        return accounts;
    }
}
