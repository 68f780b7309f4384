using Microsoft.Win32.SafeHandles;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Which commits of a shard are on the disk. A commit is in the file's write-ahead log when SQLite returns; one flush
/// of that log makes all of them durable, on another thread than the one that goes on writing. Readers wait for what
/// they may have seen: other connections see a commit before SQLite returns from it, so it counts from before it is
/// issued.
/// </summary>
internal sealed class Durability(string path) : IDisposable
{
    private readonly Lock _gate = new();
    private SafeFileHandle? _log;
    private TaskCompletionSource _moved = NewSignal();
    private TidelineException? _fault;

    // Commits are numbered from 1. These are the last one that began, ended in either way, was carried out, and is
    // flushed; and the last one that readers need not wait for.
    private long _begun, _ended, _committed, _flushed, _durable;

    /// <summary>Before a commit is issued. For one thread at a time, as is <see cref="End"/>.</summary>
    public void Begin() => Interlocked.Increment(ref _begun);

    /// <summary>After it was carried out, or was not; without a <see cref="Begin"/> before, nothing.</summary>
    public void End(bool committed)
    {
        if (_ended == _begun) return;
        lock (_gate)
        {
            _ended = _begun;
            if (committed) _committed = _begun;
            else Release();
        }
    }

    /// <summary>Makes every commit durable that had ended before the call. For one thread at a time.</summary>
    /// <exception cref="TidelineException">StorageUnavailable, now and ever after: what a failed flush left behind cannot be known.</exception>
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
            _log ??= File.OpenHandle($"{path}-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
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
            if (fault is null) _flushed = through;
            _fault = fault;
            Release();
        }

        if (fault is not null) throw fault;
    }

    /// <summary>Completes when everything is durable that a read which ended before the call can have seen.</summary>
    /// <exception cref="TidelineException">
    /// StorageUnavailable: the flush failed, or takes longer than <see cref="Limits.FlushWaitMs"/>.
    /// </exception>
    public ValueTask WaitAsync(CancellationToken cancel)
    {
        var through = Volatile.Read(ref _begun);
        return Volatile.Read(ref _durable) >= through ? default : new ValueTask(WaitForAsync(through, cancel));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _log?.Dispose();
        _log = null;
    }

    private async Task WaitForAsync(long through, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limits.FlushWaitMs);
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_durable >= through) return;
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
                    $"The disk did not say within {Limits.FlushWaitMs} ms that it has {Path.GetFileName(path)}: try again.");
            }
        }
    }

    // Inside the gate. A commit that was not carried out shows nothing: nobody waits for it once those before it are
    // durable.
    private void Release()
    {
        Volatile.Write(ref _durable, _flushed >= _committed ? _ended : _flushed);
        var moved = _moved;
        _moved = NewSignal();
        moved.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
