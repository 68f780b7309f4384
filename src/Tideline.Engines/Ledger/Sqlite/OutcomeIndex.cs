using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Ledger;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Finds outcomes by their keys, which come in no order: each key that went into a B-tree at once would dirty a page of
/// its own. So the newest keys wait in memory and go into the index table a generation at a time, in its order, where
/// neighbours share pages. This belongs to the shard's writer, inside its transactions. Readers ask the file alone: the
/// index table, then the rows that <c>head.outcomes_indexed</c> does not cover.
/// </summary>
/// <remarks>
/// <code>
/// Add ─► open generation ─(full)─► frozen generation ─(with each commit its share)─► index table
/// </code>
/// </remarks>
internal sealed class OutcomeIndex(SqliteDatabase database)
{
    private const int Buckets = 256;

    private const string RowSql =
        "SELECT coalesce((SELECT row FROM outcome_index WHERE outcome_key = ?1), " +
        "(SELECT row FROM outcomes WHERE row > (SELECT outcomes_indexed FROM shard_head) AND outcome_key = ?1))";

    private readonly SqliteStatement _find = database.Prepare("SELECT row FROM outcome_index WHERE outcome_key = ?");
    private readonly SqliteStatement _through = database.Prepare("UPDATE shard_head SET outcomes_indexed = ?");

    // A generation that a restart or a rollback cut short is written again from its beginning.
    private readonly SqliteStatement _insert = database.Prepare(
        "INSERT INTO outcome_index VALUES (?, ?) ON CONFLICT DO NOTHING");

    private readonly Dictionary<Guid, long> _waiting = [];

    // By the first byte of the key, so that only a small part has to be sorted at once.
    private List<(Guid Key, long Row)>[] _open = NewGeneration();
    private List<(Guid Key, long Row)>[] _frozen = NewGeneration();
    private int _opened;
    private int _frozenRows;
    private int _frozenLeft;
    private int _bucket;
    private int _written;
    private int _due;
    private long _frozenThrough;
    private long _last;
    private bool _isLoaded;

    /// <summary>The outcome of a key, on a reading connection.</summary>
    /// <exception cref="TidelineException">Corrupt: the index leads to another row.</exception>
    public static OutcomeRow? Read(SqliteDatabase database, Guid key)
    {
        var query = database.Prepare(RowSql).Bind(key);
        var row = query.Step() ? query.Long(0) : 0;
        query.Reset();
        return row == 0 ? null : AtRow(database, row, key);
    }

    /// <summary>The outcome of a key, for the writer.</summary>
    /// <exception cref="TidelineException">Corrupt: the index leads to another row.</exception>
    public OutcomeRow? Find(Guid key)
    {
        if (!_isLoaded) Load();
        if (!_waiting.TryGetValue(key, out var row))
        {
            row = _find.Bind(key).Step() ? _find.Long(0) : 0;
            _find.Reset();
        }

        return row == 0 ? null : AtRow(database, row, key);
    }

    /// <summary>The row for an outcome that is written now.</summary>
    /// <exception cref="TidelineException">Internal: the key has one already.</exception>
    public long Add(Guid key)
    {
        if (!_isLoaded) Load();
        if (!_waiting.TryAdd(key, _last + 1))
            throw new TidelineException(ErrorCode.Internal, $"{key} already exists.");
        Open(key, ++_last);
        return _last;
    }

    /// <summary>
    /// Before the commit of a batch that added so many: writes as large a part of the frozen generation as the batch is
    /// of a full one, and small parts together. So the frozen one is gone when the open one is full.
    /// </summary>
    /// <remarks>
    /// A page of the index that is split costs its commit a pass over SQLite's page cache
    /// (<c>sqlite3PcacheTruncate</c>), however few rows are written: of 64 clients over HTTP, 0.13 ms each.
    /// </remarks>
    public void WriteShare(int added)
    {
        if (added == 0) return;
        _due += (int)((((long)added * _frozenRows) + SqliteLedgerLimits.IndexGenerationRows - 1)
            / SqliteLedgerLimits.IndexGenerationRows);
        if (_due < Math.Min(SqliteLedgerLimits.IndexStepRows, _frozenLeft)) return;
        for (var count = Math.Min(_due, _frozenLeft); count > 0; count--) WriteNext();
        _due = 0;
        if (_frozenLeft > 0) return;
        if (_frozenRows > 0) _through.Bind(_frozenThrough).Run();
        _frozenRows = 0;
        if (_opened >= SqliteLedgerLimits.IndexGenerationRows) Freeze();
    }

    /// <summary>After a rollback: what is in memory may not be what is in the file.</summary>
    public void Forget() => _isLoaded = false;

    /// <summary>Reads back the keys that are not in the index table: two generations at most.</summary>
    private void Load()
    {
        _waiting.Clear();
        foreach (var bucket in _open.Concat(_frozen)) bucket.Clear();
        var head = database.Prepare("SELECT outcomes_indexed FROM shard_head");
        head.Step();
        _last = head.Long(0);
        head.Reset();
        _opened = 0;
        var rows = database.Prepare("SELECT row, outcome_key FROM outcomes WHERE row > ? ORDER BY row").Bind(_last);
        try
        {
            while (rows.Step())
            {
                _last = rows.Long(0);
                var key = rows.Id(1);
                _waiting[key] = _last;
                Open(key, _last);
            }
        }
        finally
        {
            rows.Reset();
        }

        Freeze();
        _isLoaded = true;
    }

    private void Open(Guid key, long row)
    {
        Span<byte> bytes = stackalloc byte[16];
        key.TryWriteBytes(bytes, bigEndian: true, out _);
        _open[bytes[0]].Add((key, row));
        _opened++;
    }

    private void Freeze()
    {
        (_open, _frozen) = (_frozen, _open);
        (_frozenRows, _frozenLeft, _frozenThrough) = (_opened, _opened, _last);
        (_opened, _bucket, _written, _due) = (0, -1, 0, 0);
    }

    private void WriteNext()
    {
        while (_bucket < 0 || _written == _frozen[_bucket].Count)
        {
            if (_bucket >= 0) _frozen[_bucket].Clear();
            _written = 0;
            _frozen[++_bucket].Sort();
        }

        var (key, row) = _frozen[_bucket][_written++];
        _insert.Bind(key).Bind(row).Run();
        _waiting.Remove(key);
        if (--_frozenLeft == 0) _frozen[_bucket].Clear();
    }

    private static OutcomeRow AtRow(SqliteDatabase database, long row, Guid key)
    {
        var query = database.Prepare($"SELECT {LedgerColumns.Outcomes} FROM outcomes WHERE row = ?").Bind(row);
        try
        {
            // As if the key were free, its command would be carried out twice.
            if (!query.Step() || query.Id(0) != key)

            {
                var file = Path.GetFileName(database.Path);
                throw new TidelineException(ErrorCode.Corrupt,
                    $"{file}: row {row} does not hold the outcome of key {key}.");
            }


            return LedgerRows.Outcome(query);
        }
        finally
        {
            query.Reset();
        }
    }

    private static List<(Guid Key, long Row)>[] NewGeneration() =>
        [.. Enumerable.Range(0, Buckets).Select(_ => new List<(Guid, long)>())];
}
