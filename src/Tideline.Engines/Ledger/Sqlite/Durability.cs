using Microsoft.Win32.SafeHandles;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Which commits of a shard are on the disk. A commit is in the file's write-ahead log when SQLite returns; one flush
/// of that log makes all of them durable, on another thread than the one that goes on writing. Each commit has a
/// number, which it writes into the head's row. A reader, whose connection may see a commit before SQLite returns from
/// it, waits for the number that it saw.
/// </summary>
internal sealed class Durability(string path) : IDisposable
{
    private readonly Lock _gate = new();
    private SafeFileHandle? _log;
    private TaskCompletionSource _moved = NewSignal();
    private TidelineException? _fault;

    // The last commit that was carried out, and the last that is flushed.
    private long _committed, _flushed;
    private volatile bool _isWritten;

    /// <summary>The number of the next commit.</summary>
    public long Next => _committed + 1;

    /// <summary>A writer opened the file: what it holds is durable.</summary>
    public void Start(long commits)
    {
        lock (_gate)
        {
            _committed = commits;
            Volatile.Write(ref _flushed, commits);
            _isWritten = true;
        }
    }

    /// <summary>A commit was carried out. For one thread at a time.</summary>
    public void Committed()
    {
        lock (_gate) _committed++;
    }

    /// <summary>Makes every commit durable that had ended before the call. For one thread at a time.</summary>
    /// <exception cref="TidelineException">StorageUnavailable, now and ever after: what a failed flush left behind
    /// cannot be known.</exception>
    public void Sync()
    {
        if (_fault is not null) throw _fault;
        long through;
        lock (_gate) through = _committed;
        if (through == _flushed) return;
        TidelineException? fault = null;
        try
        {
            // SQLite keeps the file while a connection is open: its writer's.
            _log ??= File.OpenHandle(
                $"{path}-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(_log);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            fault = new TidelineException(ErrorCode.StorageUnavailable,
                $"The disk did not take {Path.GetFileName(path)}: {failed.Message} " +
                "Restart when it does; then repeat with the same keys.", failed);
        }

        lock (_gate)
        {
            if (fault is null) Volatile.Write(ref _flushed, through);
            _fault = fault;
            var moved = _moved;
            _moved = NewSignal();
            moved.TrySetResult();
        }

        if (fault is not null) throw fault;
    }

    /// <summary>
    /// Completes when a commit is durable that a read saw. What a file holds that nobody here writes to is.
    /// </summary>
    /// <exception cref="TidelineException">
    /// StorageUnavailable: the flush failed, or takes longer than <see cref="SqliteLedgerLimits.FlushWaitMs"/>.
    /// </exception>
    public ValueTask WaitAsync(long commit, CancellationToken cancel) =>
        !_isWritten || Volatile.Read(ref _flushed) >= commit
            ? default
            : new ValueTask(WaitForAsync(commit, cancel));

    /// <inheritdoc/>
    public void Dispose()
    {
        _log?.Dispose();
        _log = null;
    }

    private async Task WaitForAsync(long commit, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(SqliteLedgerLimits.FlushWaitMs);
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_flushed >= commit) return;
                if (_fault is not null) throw new TidelineException(_fault.Code, _fault.Message, _fault);
                moved = _moved.Task;
            }

            try
            {
                await moved.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TidelineException(
                    ErrorCode.StorageUnavailable,
                    $"The disk did not confirm the flush of {Path.GetFileName(path)} "
                    + $"within {SqliteLedgerLimits.FlushWaitMs} ms: "
                        + $"try again.");
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
