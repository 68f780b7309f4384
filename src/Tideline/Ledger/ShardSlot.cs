#pragma warning disable CA2000 // The slot owns its writer, and the writer its store.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// One shard as this process has it: its writer while the process owns the shard; else a look, again and again, whether nobody does. A writer that another owner has replaced,
/// or that could not find out where its shard stands, ends here, and the shard is acquired anew. Who owns the first shard owns the others: of several processes one answers for all.
/// </summary>
internal sealed partial class ShardSlot : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(Limits.OwnershipPollMs);
    private readonly ILedgerStore _store;
    private readonly ShardContext _context;
    private readonly IShardReader _reader;
    private readonly Func<int, ShardWriter, CancellationToken, Task> _repair;
    private readonly Action<BatchWrites> _committed;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ShardSlot? _first;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private volatile ShardWriter? _writer;
    private volatile TidelineException? _why;
    private long _epoch;

    private ShardSlot(
        ILedgerStore store, ShardContext context, IShardReader reader, ShardSlot? first, Func<int, ShardWriter, CancellationToken, Task> repair, Action<BatchWrites> committed, TimeProvider time,
        ILogger logger) =>
        (_store, _context, _reader, _first, _repair, _committed, _time, _logger) = (store, context, reader, first, repair, committed, time, logger);

    public int Shard => _context.Shard;

    /// <summary>The committed head. Where another process owns the shard it is that of the last look.</summary>
    public CommitSignal Signal { get; } = new(0, 0, 0);

    /// <summary>The epoch in which this process owns the shard; 0 while it does not.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>Why this process does not own the shard; null while it does.</summary>
    public string? WhyNot => _writer is null ? _why?.Message : null;

    public int QueueDepth => _writer?.QueueDepth ?? 0;

    /// <exception cref="TidelineException">NotOwner: another process owns the shard, or none can; the words say which.</exception>
    public ShardWriter Writer => _writer ?? throw new TidelineException(ErrorCode.NotOwner, _why?.Message ?? $"Shard {Shard} has no owner yet.", _why);

    /// <summary>As <see cref="ShardWriter.ForgetMessages"/>; nothing where another process owns the shard.</summary>
    public void ForgetMessages(long throughSeq) => _writer?.ForgetMessages(throughSeq);

    /// <summary>Acquires the shard, or stands by where another process owns it.</summary>
    /// <param name="first">The slot of the first shard, which leads; null for itself.</param>
    /// <exception cref="TidelineException">IncompatibleData, StorageUnavailable or Corrupt.</exception>
    public static async Task<ShardSlot> StartAsync(
        ILedgerStore store, ShardContext context, IShardReader reader, ShardSlot? first, Func<int, ShardWriter, CancellationToken, Task> repair, Action<BatchWrites> committed, TimeProvider time,
        ILogger logger, CancellationToken cancel)
    {
        var slot = new ShardSlot(store, context, reader, first, repair, committed, time, logger);
        try
        {
            await slot.AcquireAsync(cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.AlreadyOwned)
        {
            slot._why = fault;
            await slot.LookAsync(cancel);
        }

        slot._loop = Task.Run(slot.RunAsync, CancellationToken.None);
        return slot;
    }

    /// <summary>Carries out what is queued, then releases the shard.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_writer is { } writer) await writer.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (_writer is { } writer && !await IsLostAsync(writer)) return;
                await LookAsync(_stop.Token);
                await AcquireAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                if (fault is TidelineException told) _why = told;
                else NotAcquired(_logger, Shard, fault);
                await Task.Delay(Poll, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    // False: it stopped for good. After a flush that failed only a new process can tell what the file holds.
    private async Task<bool> IsLostAsync(ShardWriter writer)
    {
        var why = await StoppedAsync(writer);
        if (why.Code != ErrorCode.NotOwner) return false;
        Lost(_logger, Shard, why);
        (_why, _writer) = (why, null);
        Interlocked.Exchange(ref _epoch, 0);
        await writer.DisposeAsync();
        return true;
    }

    private async Task<TidelineException> StoppedAsync(ShardWriter writer)
    {
        while (_first is not null && !writer.Stopped.IsCompleted)
        {
            if (_first.Epoch == 0) return new TidelineException(ErrorCode.NotOwner, $"Shard {Shard} goes with shard {_first.Shard}. {_first.WhyNot}");
            await Task.WhenAny(writer.Stopped, Task.Delay(Poll, _time, _stop.Token));
            _stop.Token.ThrowIfCancellationRequested();
        }

        return await writer.Stopped.WaitAsync(_stop.Token);
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var head = await _reader.GetHeadAsync(cancel);
        Signal.Set(head.EventSeq, head.MessageSeq, head.TimeUs);
    }

    private async Task AcquireAsync(CancellationToken cancel)
    {
        if (_first is { Epoch: 0 }) throw new TidelineException(ErrorCode.AlreadyOwned, _first.WhyNot ?? $"Shard {_first.Shard} has no owner yet.");
        var shard = _store.OpenWriter(Shard);
        ShardWriter writer;
        ShardHead head;
        try
        {
            head = await shard.AcquireAsync(cancel);
            Signal.Set(head.EventSeq, head.MessageSeq, head.TimeUs);
            writer = new ShardWriter(shard, _context, head, Signal, _time, _logger, _committed);
        }
        catch
        {
            await shard.DisposeAsync();
            throw;
        }

        try
        {
            await _repair(Shard, writer, cancel);
        }
        catch
        {
            await writer.DisposeAsync();
            throw;
        }

        (_writer, _why) = (writer, null);
        Interlocked.Exchange(ref _epoch, head.Epoch);
        Acquired(_logger, Shard, head.Epoch);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Shard {Shard} is this process's, epoch {Epoch}.")]
    private static partial void Acquired(ILogger logger, int shard, long epoch);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard} is not this process's any more; it stands by.")]
    private static partial void Lost(ILogger logger, int shard, Exception why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard} could not be acquired; it is tried again.")]
    private static partial void NotAcquired(ILogger logger, int shard, Exception fault);
}
