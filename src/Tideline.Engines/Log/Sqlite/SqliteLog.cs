using System.Collections.Concurrent;
using Tideline.Engines.Sqlite;
using Tideline.Kernel;
using Tideline.Log;

namespace Tideline.Engines.Log.Sqlite;

/// <summary>
/// The embedded log: one SQLite file, appends and offset commits that arrive together share one transaction. Readers
/// never wait for the writer.
/// </summary>
public sealed class SqliteLog : ILog
{
    private readonly Lock _gate = new();
    private readonly SqliteDatabase _database;
    private readonly Checkpointer _checkpointer;
    private readonly LogWriter _writer;
    private readonly ReaderPool _readers;
    private readonly ConcurrentDictionary<(string Topic, int Partition), TaskCompletionSource> _waiters = new();
    private readonly ConcurrentDictionary<(string Topic, int Partition), long> _heads = new();
    private readonly TimeProvider _time;
    private List<LogWork> _waiting = [];
    private bool _busy;
    private bool _disposed;
    private bool _isStale;

    private SqliteLog(SqliteDatabase database, TimeProvider time)
    {
        (_database, _time) = (database, time);
        _writer = new LogWriter(database);
        _checkpointer = new Checkpointer(database, writesOut: true);
        _readers = new ReaderPool(database.Path);
        foreach (var partition in LogRows.Describe(database))
            _heads[(partition.Topic, partition.Partition)] = partition.HeadOffset;
    }

    /// <summary>Opens or makes the log in <c>DIR/log/log.db</c>.</summary>
    /// <exception cref="TidelineException">StorageUnavailable or Corrupt.</exception>
    public static SqliteLog Open(string dataDirectory, TimeProvider time)
    {
        Directory.CreateDirectory(Path.Combine(dataDirectory, "log"));
        var database = SqliteDatabase.OpenWriter(Path.Combine(dataDirectory, "log", "log.db"));
        try
        {
            return new SqliteLog(database, time);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<LogFault> Faults => [];

    /// <inheritdoc/>
    public async ValueTask AppendAsync(IReadOnlyList<LogRecord> records, CancellationToken cancel)
    {
        if (records.Count > 0) await RunAsync(writer => { writer.Append(records); return 0; },
            cancel, durable: !records.All(record => Topics.IsDerived(record.Topic)));
    }

    /// <inheritdoc/>
    public async ValueTask<long> GetSourceHeadAsync(string topic, string source, CancellationToken cancel) =>
        await RunAsync(
        writer => writer.Topics.Find(topic) is { } t && writer.Sources.Find(source) is { } s
            ? Math.Max(writer.SourceHead(t, s), SourceName.AfterOf(source))
            : SourceName.AfterOf(source),
        cancel);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> GetSourcesAsync(
        string topic, string prefix, CancellationToken cancel)
    {
        IReadOnlyList<string> found = [];
        await RunAsync(
            writer =>
            {
                found = writer.SourcesOf(topic, prefix);
                return found.Count;
            },
            cancel);
        return found;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LogRecord>> ReadAsync(
        string topic, int partition, long afterOffset, int limit, CancellationToken cancel)
    {
        if (_writer.Topics.Find(topic) is not { } id) return new([]);
        return new(_readers.Read(
            database => LogRows.Read(database, _writer, topic, id, partition, afterOffset, limit)));
    }

    /// <inheritdoc/>
    public ValueTask<long> GetHeadAsync(string topic, int partition, CancellationToken cancel) =>
        new(_heads.GetValueOrDefault((topic, partition)));

    /// <inheritdoc/>
    public async ValueTask WaitAsync(
        string topic, int partition, long afterOffset, TimeSpan timeout, CancellationToken cancel)
    {
        // The waiter is taken before the head is asked for, so that an append between the two cannot be missed.
        var waiter = _waiters.GetOrAdd((topic, partition), static _ => New());
        if (await GetHeadAsync(topic, partition, cancel) > afterOffset) return;
        try
        {
            await waiter.Task.WaitAsync(timeout, _time, cancel);
        }
        catch (TimeoutException)
        {
            // The caller looks again, as it would anyway.
        }
    }

    /// <inheritdoc/>
    public async ValueTask<long> GetCommittedAsync(
        string group, string topic, int partition, CancellationToken cancel) =>
        await RunAsync(writer => writer.GetOrAddGroup(group, topic, partition), cancel);

    /// <inheritdoc/>
    public async ValueTask CommitAsync(
        string group, string topic, int partition, long offset, CancellationToken cancel) =>
        await RunAsync(writer => { writer.CommitGroup(group, topic, partition, offset); return 0; }, cancel);

    /// <inheritdoc/>
    public async ValueTask<long> TrimAsync(DateTimeOffset before, CancellationToken cancel)
    {
        long total = 0;
        while (true)
        {
            var dropped = await RunAsync(writer => writer.Trim(before.ToUs()), cancel);
            total += dropped;
            if (dropped < LogWriter.TrimRows) return total;
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionStatus>> DescribeAsync(CancellationToken cancel) =>
        new(_readers.Read(LogRows.Describe));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate) _disposed = true;
        while (true)
        {
            lock (_gate)
            {
                if (!_busy) break;
            }

            await Task.Yield();
        }

        _readers.Dispose();
        _checkpointer.Dispose();
        _database.Dispose();
    }

    // Whoever finds nobody writing writes for all that wait; the others wait for that.
    private Task<long> RunAsync(Func<LogWriter, long> run, CancellationToken cancel, bool durable = false)
    {
        cancel.ThrowIfCancellationRequested();
        var work = new LogWork(run, durable);
        lock (_gate)
        {
            if (_disposed) throw new TidelineException(ErrorCode.ShuttingDown, "The log is closed.");
            _waiting.Add(work);
            if (_busy) return work.Task;
            _busy = true;
        }

        _ = Task.Run(WriteAll, CancellationToken.None);
        return work.Task;
    }

    private void WriteAll()
    {
        while (true)
        {
            List<LogWork> batch;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _busy = false;
                    return;
                }

                (batch, _waiting) = (_waiting, []);
            }

            Write(batch);
        }
    }

    private void Write(List<LogWork> batch)
    {
        try
        {
            // After a transaction that failed: what the writer knows must be what the file holds.
            if (_isStale)
            {
                _database.Rollback();
                _writer.Reload();
                _isStale = false;
            }

            _checkpointer.BetweenTransactions();
            _database.Begin(batch.Exists(work => work.IsDurable));
            foreach (var work in batch) work.Run(_writer);
            _database.Commit();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Abandon();
            if (batch.Count == 1)
            {
                batch[0].TrySetException(fault);
                return;
            }

            // One bad append must not harm the others: each gets a transaction of its own.
            foreach (var work in batch) Write([work]);
            return;
        }

        foreach (var (topic, partition) in _writer.Moved)
        {
            var key = (_writer.Topics.Name(topic), partition);
            _heads[key] = _writer.Head(topic, partition);
            if (_waiters.TryRemove(key, out var waiter)) waiter.TrySetResult();
        }

        _writer.Moved.Clear();
        foreach (var work in batch) work.Answer();
    }

    // The fault that led here is the one to report. A rollback that fails too leaves nothing committed either.
    private void Abandon()
    {
        _isStale = true;
        try
        {
            _database.Rollback();
        }
        catch (TidelineException)
        {
            return;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
