using Microsoft.Win32.SafeHandles;
using Tideline.Kernel;

namespace Tideline.Engines.Sqlite;

/// <summary>
/// Keeps the write-ahead log of a busy file short without holding up its writer. A thread with its own connection
/// copies most of it back; then the writer copies the small remainder between two transactions, and the log restarts. A
/// log that was never copied completely would never restart.
/// </summary>
/// <remarks>
/// A file whose commits are not flushed individually can have its log written out steadily, in small parts. Otherwise
/// the checkpoint would send tens of megabytes to the disk at once, and the commits of every other file would wait
/// behind them.
/// </remarks>
internal sealed class Checkpointer : IDisposable
{
    // A frame of SQLite's write-ahead log: 24 bytes and a page.
    private const long FrameBytes = 24 + 4_096;

    private readonly object _gate = new();
    private readonly SqliteDatabase _writer;
    private readonly bool _writesOut;
    private readonly Thread _thread;
    private SafeFileHandle? _log;
    private State _state;
    private long _asked;
    private long _writtenOut;

    /// <param name="writer">The writer's connection; its automatic checkpoints are switched off.</param>
    /// <param name="writesOut">Whether to write the log out steadily.</param>
    public Checkpointer(SqliteDatabase writer, bool writesOut)
    {
        (_writer, _writesOut) = (writer, writesOut);
        writer.WatchLog();
        _thread = new Thread(
            Run)
        { IsBackground = true, Name = $"copy {Path.GetFileNameWithoutExtension(writer.Path)}" };
        _thread.Start();
    }

    private enum State
    {
        Idle,
        Copying,
        Copied,
        Ended,
    }

    /// <summary>
    /// Called between two transactions, on the writer's thread: starts a write-out or a copy on the thread when it is
    /// due, and completes a finished copy.
    /// </summary>
    public void BetweenTransactions()
    {
        var frames = _writer.LogFrames;
        var writeOut = _writesOut && (frames < _asked || frames - _asked >= SqliteLimits.LogWriteOutFrames);
        if (!writeOut && frames < SqliteLimits.CheckpointFrames) return;
        lock (_gate)
        {
            if (writeOut)
            {
                // The log has restarted.
                if (frames < _asked) _writtenOut = 0;
                _asked = frames;
                Monitor.PulseAll(_gate);
            }

            if (frames < SqliteLimits.CheckpointFrames) return;
            if (_state == State.Idle)
            {
                _state = State.Copying;
                Monitor.PulseAll(_gate);
            }

            // The thread cannot keep up: the log must not grow without limit.
            while (_state == State.Copying && frames >= SqliteLimits.CheckpointFramesMax) Monitor.Wait(_gate);
            if (_state != State.Copied) return;
            _state = State.Idle;
        }

        _writer.Checkpoint();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _state = State.Ended;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        SqliteDatabase? own = null;
        try
        {
            while (Next() is { } work)
            {
                try
                {
                    if (!work.Copies)
                    {
                        WriteOut(work.From, work.Through);
                        continue;
                    }

                    own ??= SqliteDatabase.OpenWriter(_writer.Path, cacheKib: 64);
                    // Frames written during a pass are left to the next. Each pass leaves fewer, and the writer does
                    // the last.
                    for (var pass = 0; pass < SqliteLimits.CheckpointPasses; pass++) own.Checkpoint();
                }
                catch (Exception fault) when (fault is TidelineException or IOException or UnauthorizedAccessException)
                {
                    // A failing disk also shows at the writer; here the log merely stays long.
                }

                lock (_gate)
                {
                    if (_state == State.Copying) _state = State.Copied;
                    Monitor.PulseAll(_gate);
                }
            }
        }
        finally
        {
            own?.Dispose();
            _log?.Dispose();
        }
    }

    // Null at the end.
    private (bool Copies, long From, long Through)? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_state == State.Ended) return null;
                if (_writtenOut < _asked)
                {
                    var work = (false, _writtenOut, _asked);
                    _writtenOut = _asked;
                    return work;
                }

                if (_state == State.Copying) return (true, 0, 0);
                Monitor.Wait(_gate);
            }
        }
    }

    private void WriteOut(long from, long through)
    {
        _log ??= File.OpenHandle(
            $"{_writer.Path}-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        PageCache.WriteOut(_log, from * FrameBytes, through * FrameBytes);
    }
}
