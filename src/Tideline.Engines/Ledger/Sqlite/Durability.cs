using Microsoft.Win32.SafeHandles;
using Tideline.Kernel;

namespace Tideline.Engines.Ledger.Sqlite;

/// <summary>
/// Which commits of a shard are on the disk. A commit is in the file's write-ahead log when SQLite returns; one flush of that log makes all of them durable, on another
/// thread than the one that goes on writing. Readers wait for what they have seen.
/// </summary>
internal sealed class Durability(string path) : IDisposable
{
    private readonly Lock _gate = new();
    private SafeFileHandle? _log;
    private TaskCompletionSource _moved = NewSignal();
    private TidelineException? _fault;
    private long _committed;
    private long _durable;

    /// <summary>Notes a commit.</summary>
    public void Committed() => Interlocked.Increment(ref _committed);

    /// <summary>Makes every commit durable that was noted before the call. For one thread at a time.</summary>
    /// <exception cref="TidelineException">StorageUnavailable, now and ever after: what a failed flush left behind cannot be known.</exception>
    public void Sync()
    {
        if (_fault is not null) throw _fault;
        var through = Volatile.Read(ref _committed);
        if (through == _durable) return;
        try
        {
            // SQLite keeps the file while a connection is open: its writer's.
            _log ??= File.OpenHandle($"{path}-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(_log);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _fault = new TidelineException(ErrorCode.StorageUnavailable, $"The disk did not take {System.IO.Path.GetFileName(path)}: {fault.Message} Restart when it does; then repeat with the same keys.", fault);
            Move(_durable);
            throw _fault;
        }

        Move(through);
    }

    /// <summary>Completes when everything is durable that was committed before the call.</summary>
    public ValueTask WaitAsync()
    {
        var through = Volatile.Read(ref _committed);
        return Volatile.Read(ref _durable) >= through ? default : new ValueTask(WaitForAsync(through));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _log?.Dispose();
        _log = null;
    }

    private async Task WaitForAsync(long through)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_durable >= through) return;
                if (_fault is not null) throw new TidelineException(_fault.Code, _fault.Message, _fault);
                moved = _moved.Task;
            }

            await moved;
        }
    }

    private void Move(long through)
    {
        TaskCompletionSource moved;
        lock (_gate)
        {
            Volatile.Write(ref _durable, through);
            (moved, _moved) = (_moved, NewSignal());
        }

        moved.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
