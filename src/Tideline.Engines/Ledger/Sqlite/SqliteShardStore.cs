using Tideline.Engines.Sqlite;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>The writer of one shard on one SQLite file. The file's write lock is the lock on the epoch row.</summary>
internal sealed class SqliteShardStore(ShardFile file) : IShardStore
{
    private readonly GaplessHead _gapless = new(file.Shard);
    private SqliteDatabase? _database;
    private BatchReader? _reader;
    private BatchWriter? _writer;
    private OutcomeIndex? _outcomes;
    private HeadRow? _head;
    private Checkpointer? _checkpointer;
    private long _epoch;

    /// <inheritdoc/>
    public int Shard => file.Shard;

    /// <inheritdoc/>
    public bool WaitsAtCommit => false;

    /// <summary>Never: one process at a time has the folder.</summary>
    public Task Wanted { get; } = new TaskCompletionSource().Task;

    /// <summary>The connection, so that a test can bring faults upon it.</summary>
    internal SqliteDatabase Database => _database ?? throw new InvalidOperationException("The shard is not acquired.");

    /// <inheritdoc/>
    public ValueTask<ShardHead> AcquireAsync(CancellationToken cancel)
    {
        _database ??= OpenFile();
        _database.Begin();
        try
        {
            _database.Prepare("UPDATE shard_head SET epoch = epoch + 1").Run();
            var head = HeadReader.Read(_database, Shard);
            _database.Commit();
            _epoch = head.Epoch;
            file.Durability.Start(HeadReader.Commits(_database));
            file.Opened();
            _gapless.MoveTo(head.EventSeq, head.MessageSeq);
            return ValueTask.FromResult(head);
        }
        catch
        {
            _database.Rollback();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool HasLease => false;

    /// <summary>The folder's lock lasts as long as the process; what can go is a file.</summary>
    public ValueTask RenewAsync()
    {
        file.RequireThere();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<BatchRows> BeginAsync(BatchKeys keys)
    {
        file.RequireThere();
        _checkpointer!.BetweenTransactions();
        // SyncAsync flushes the file for many commits.
        Database.Begin(durable: false);
        try
        {
            _head!.RequireEpoch(Shard, _epoch);
            return ValueTask.FromResult(_reader!.Read(keys));
        }
        catch
        {
            Database.Rollback();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> CommitAsync(BatchWrites writes)
    {
        try
        {
            var (eventSeq, messageSeq) = _gapless.After(writes);
            _writer!.Write(writes);
            _head!.Move(messageSeq, writes.TimeUs, file.Durability.Next);
            Database.Commit();
            file.Durability.Committed();
            _gapless.MoveTo(eventSeq, messageSeq);
            return ValueTask.FromResult(true);
        }
        catch
        {
            _outcomes!.Forget();
            Database.Rollback();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask SyncAsync()
    {
        file.Durability.Sync();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask RollbackAsync()
    {
        Database.Rollback();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _checkpointer?.Dispose();
        _database?.Dispose();
        _database = null;
        return ValueTask.CompletedTask;
    }

    private SqliteDatabase OpenFile()
    {
        var database = SqliteDatabase.OpenWriter(file.Path);
        try
        {
            LedgerSchema.Require(database, file.Shard, file.Shards);
            var tails = new EntryTails(database);
            _outcomes = new OutcomeIndex(database);
            _reader = new BatchReader(database, tails, _outcomes);
            _writer = new BatchWriter(database, tails, _outcomes);
            _head = new HeadRow(database);
            _checkpointer = new Checkpointer(database, writesOut: false);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
