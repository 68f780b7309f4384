#pragma warning disable CA2000 // The slot owns its writer, and the writer its store.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Ledger;

/// <summary>
/// One shard as this process has it: its writer while the process owns the shard; else a look, again and again, at who
/// does and whether nobody does. A writer that another owner has replaced, that could not find out where its shard
/// stands, or whose shard a process asks for that prefers it, ends here, and the shard is acquired anew when it is
/// free. One that stopped for good stands still until another process owns the shard; this one does not take it again.
/// </summary>
internal sealed partial class ShardOwnership : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(Limits.OwnershipPollMs);
    private readonly ILedgerStore _store;
    private readonly ShardContext _context;
    private readonly IShardReader _reader;
    private readonly Func<CancellationToken, Task<HistoryFault?>> _findFault;
    private readonly Action<BatchWrites> _committed;
    private readonly Task _reachable;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private IShardStore? _candidate;
    private volatile ShardWriter? _writer;
    private volatile ObservedOwner? _owner;
    private volatile TidelineException? _why;
    private volatile HistoryFault? _closed;
    private volatile TidelineException? _stopped;
    private volatile bool _hasSuccessor;
    private long? _leftAt;
    private long _epoch;
    private long _lookedUs;

    private ShardOwnership(
        ILedgerStore store,
        ShardContext context, IShardReader reader, Func<CancellationToken, Task<HistoryFault?>> findFault,
        Action<BatchWrites> committed, Task reachable, TimeProvider time, ILogger logger)
    {
        (_store, _context, _reader, _findFault, _committed) = (store, context, reader, findFault, committed);
        (_reachable, _time, _logger) = (reachable, time, logger);
    }

    public int Shard => _context.Shard;

    /// <summary>
    /// The committed head. Where another process owns the shard it is that of the last look, or of an answer since.
    /// </summary>
    public CommitSignal Signal { get; } = new(0, 0, 0);

    /// <summary>The epoch in which this process owns the shard; 0 while it does not.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>The other process that owns the shard, as of the last look; null when none was seen.</summary>
    public ObservedOwner? Owner => _owner;

    /// <summary>Now on this shard, microseconds: no commit that is known is of now or later.</summary>
    public long NowUs => Math.Max(_time.NowUs(), Signal.Head.TimeUs + 1);

    /// <summary>
    /// Until when <see cref="Signal"/> holds all that is committed: now for an owner, else the beginning of the last
    /// look.
    /// </summary>
    public long KnownUs => IsLive ? NowUs : Interlocked.Read(ref _lookedUs);

    /// <summary>Whether this process owns the shard and commits there, so that nobody else does.</summary>
    public bool IsLive => Epoch != 0 && _writer is { Stopped.IsCompleted: false };

    /// <summary>Why this process does not own the shard; null while it does.</summary>
    public string? WhyNot => _writer is null ? NotHere.Message : null;

    /// <summary>
    /// Why nobody may build on the shard as it is; null while it may be used. A shard that was closed stays so until
    /// the next start.
    /// </summary>
    public HistoryFault? Closed => _closed;

    /// <summary>What stopped the shard for as long as this process runs; null while it may be used.</summary>
    public string? Stopped => _closed?.Sentence
        ?? (_writer?.Fault is { Code: not ErrorCode.NotOwner } why ? why : _stopped)?.Message;

    /// <summary>
    /// Why nothing may be read here as what the shard holds; null while it may, or where another process has it.
    /// </summary>
    public TidelineException? WhyUnreadable => _hasSuccessor ? null
        : _closed is not null || _stopped is { Code: ErrorCode.Corrupt } ? WhyStopped
        : _writer is { Stopped.IsCompleted: true, Fault: { Code: ErrorCode.Corrupt } why }
            ? new TidelineException(why.Code, why.Message, why)
            : null;

    public int QueueDepth => _writer?.QueueDepth ?? 0;

    /// <exception cref="TidelineException">NotOwner: another process owns the shard, or none can; the words say
    /// which.</exception>
    public ShardWriter Writer => _writer ?? throw NotHere;

    private TidelineException NotHere =>
        WhyStopped ?? new(ErrorCode.NotOwner, _why?.Message ?? $"Shard {Shard} has no owner yet.", _why);

    private TidelineException? WhyStopped => _closed?.ToException()
        ?? (_stopped is { } why ? new TidelineException(why.Code, why.Message, why) : null);

    /// <summary>As <see cref="ShardWriter.ForgetMessages"/>; nothing where another process owns the shard.</summary>
    public void ForgetMessages(long throughSeq) => _writer?.ForgetMessages(throughSeq);

    /// <summary>Queues a command where this process owns the shard; null where it does not.</summary>
    /// <exception cref="TidelineException">As <see cref="ShardWriter.Submit"/>, but for NotOwner. What stopped the
    /// shard, until another process has taken it.</exception>
    public Task<Reply>? TrySubmit(LedgerCommand command)
    {
        try
        {
            if (_writer is { } writer) return writer.Submit(command);
            if (!_hasSuccessor && WhyStopped is { } why) throw why;
            return null;
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.NotOwner)
        {
            // It lost the shard this moment; nothing was queued.
            return null;
        }
    }

    /// <summary>Acquires the shard, or stands by where another process owns it.</summary>
    /// <param name="reachable">Ends when other processes can reach this one; until then it stands by.</param>
    /// <exception cref="TidelineException">IncompatibleData, StorageUnavailable or Corrupt.</exception>
    public static async Task<ShardOwnership> StartAsync(
        ILedgerStore store,
        ShardContext context, IShardReader reader, Func<CancellationToken, Task<HistoryFault?>> findFault,
        Action<BatchWrites> committed, Task reachable, TimeProvider time, ILogger logger, CancellationToken cancel)
    {
        var slot = new ShardOwnership(store, context, reader, findFault, committed, reachable, time, logger);
        try
        {
            if (reachable.IsCompleted) await slot.AcquireAsync(cancel);
            else await slot.LookAsync(cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.AlreadyOwned)
        {
            slot._why = fault;
            await slot.LookAsync(cancel);
        }
        catch (TidelineException) when (slot._closed is not null)
        {
            // It looks on: another process may have the shard as it was.
        }
        catch
        {
            await slot.DisposeAsync();
            throw;
        }

        slot._loop = Task.Run(slot.RunAsync, CancellationToken.None);
        return slot;
    }

    /// <summary>Looks where the shard stands, and who owns it.</summary>
    /// <returns>The owner that the store names, this process or another one; null when there is none.</returns>
    /// <exception cref="TidelineException">StorageUnavailable: it does not say.</exception>
    public async Task<ShardOwner?> LookAsync(CancellationToken cancel)
    {
        var beganUs = NowUs;
        var head = await _reader.GetHeadAsync(cancel);
        var owner = await _reader.GetOwnerAsync(cancel);
        Signal.Reach(head.EventSeq, head.MessageSeq, head.TimeUs);
        if (Epoch == 0) See(owner);
        // Times rise, so that all up to the head's is known too.
        Interlocked.Exchange(ref _lookedUs, Math.Max(beganUs, head.TimeUs));
        return owner;
    }

    /// <summary>Carries out what is queued, then releases the shard.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_writer is { } writer) await writer.DisposeAsync();
        if (_candidate is { } candidate) await candidate.DisposeAsync();
        See(null);
        _stop.Dispose();
    }

    // A shard that was left is for who asked for it, or replaced this process there: whoever lets go and takes again at
    // once is always first.
    private bool IsAnothersTurn => _leftAt is { } at && _time.GetElapsedTime(at).TotalMilliseconds < Limits.OrphanMs;

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (_writer is { } writer) await LeaveAsync(writer);
                await LookAsync(_stop.Token);
                if (!_reachable.IsCompleted) await Task.WhenAny(_reachable, Task.Delay(Poll, _time, _stop.Token));
                else if (Stopped is not null || IsAnothersTurn) await Task.Delay(Poll, _time, _stop.Token);
                else await AcquireAsync(_stop.Token);
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

    private async Task LeaveAsync(ShardWriter writer)
    {
        await Task.WhenAny(writer.Stopped, writer.Wanted).WaitAsync(_stop.Token);
        var why = writer.Stopped.IsCompleted ? await writer.Stopped
            : new TidelineException(ErrorCode.NotOwner, $"Shard {Shard} moves to a process that prefers it.");
        // For good: after a flush that failed only a new process can tell what the file holds.
        if (why.Code != ErrorCode.NotOwner) await WaitForSuccessorAsync();
        if (writer.Stopped.IsCompleted) Lost(_logger, Shard, why);
        else HandedOver(_logger, Shard);
        if (why.Code != ErrorCode.NotOwner) _stopped = why;
        (_why, _writer) = (why, null);
        Interlocked.Exchange(ref _epoch, 0);
        await writer.DisposeAsync(why);
        _leftAt = _time.GetTimestamp();
    }

    private async Task WaitForSuccessorAsync()
    {
        while (await LookAsync(_stop.Token) is not { } owner || owner.Secret == _store.Self.Secret)
            await Task.Delay(Poll, _time, _stop.Token);
    }

    private void See(ShardOwner? owner)
    {
        var before = _owner;
        if (before?.Owner == owner) return;
        _owner = owner is null ? null : new ObservedOwner(owner);
        // From then on a command waits while that one restarts.
        if (owner is { Address.Length: > 0 } && owner.Secret != _store.Self.Secret) _hasSuccessor = true;
        before?.Leave();
    }

    /// <summary>Takes no more commands, because the shard is found not to be what was acknowledged.</summary>
    public void Close(HistoryFault why)
    {
        if (Interlocked.CompareExchange(ref _closed, why, null) is not null) return;
        _writer?.Stop(why.ToException());
        ClosedForGood(_logger, Shard, why.Sentence);
    }

    // What was acknowledged and is gone must not be built upon. A shard that is refused is let go, and not tried again.
    private async Task AdmitAsync(CancellationToken cancel)
    {
        if (await _findFault(cancel) is not { } fault) return;
        Close(fault);
        await _candidate!.DisposeAsync();
        _candidate = null;
        throw fault.ToException();
    }

    private async Task AcquireAsync(CancellationToken cancel)
    {
        // Kept from one try to the next, with its connection.
        _candidate ??= _store.OpenWriter(Shard);
        var head = await _candidate.AcquireAsync(cancel);
        await AdmitAsync(cancel);
        Signal.Reach(head.EventSeq, head.MessageSeq, head.TimeUs);
        var writer = new ShardWriter(_candidate, _context, head, Signal, _time, _logger, _committed);
        _candidate = null;
        (_writer, _why) = (writer, null);
        Interlocked.Exchange(ref _epoch, head.Epoch);
        See(null);
        _hasSuccessor = false;
        // Found while the shard was acquired: nobody was there to stop.
        if (_closed is { } why) writer.Stop(why.ToException());
        Acquired(_logger, Shard, head.Epoch);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Shard {Shard} is this process's, epoch {Epoch}.")]
    private static partial void Acquired(ILogger logger, int shard, long epoch);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Shard {Shard} is handed over to a process that prefers it.")]
    private static partial void HandedOver(ILogger logger, int shard);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard} is not this process's any more; it stands by.")]
    private static partial void Lost(ILogger logger, int shard, Exception why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Shard {Shard} is closed and takes no commands. {Why}")]
    private static partial void ClosedForGood(ILogger logger, int shard, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard} could not be acquired; it is tried again.")]
    private static partial void NotAcquired(ILogger logger, int shard, Exception fault);
}
