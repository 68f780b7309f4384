#pragma warning disable CA2000 // The slot owns its writer, and the writer its store.
using Microsoft.Extensions.Logging;
using Tideline.Kernel;
using Tideline.Ledger.Installation;

namespace Tideline.Ledger;

/// <summary>
/// One shard from this process's point of view: its writer while the process owns the shard; otherwise a poll for its
/// owner and for whether it is free. A writer ends here when another owner has replaced it, when it could not determine
/// the state of its shard, or when a process that prefers the shard requests it; the shard is acquired again when it is
/// free. A writer that stopped permanently waits until another process owns the shard; this process does not acquire it
/// again.
/// </summary>
internal sealed partial class ShardOwnership : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(LedgerLimits.OwnershipPollMs);
    private readonly ILedgerStore _store;
    private readonly ShardContext _context;
    private readonly IShardReader _reader;
    private readonly Func<CancellationToken, Task<HistoryFault?>> _findFault;
    private readonly Action<BatchWrites> _committed;
    private readonly Task _reachable;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _seeing = new();
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
    /// The committed head. If another process owns the shard, it is the head at the last poll, or in an answer since.
    /// </summary>
    public CommitSignal Signal { get; } = new(0, 0, 0);

    /// <summary>The epoch in which this process owns the shard; 0 while it does not.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>The other process that owns the shard, as of the last poll; null if none was found.</summary>
    public ObservedOwner? Owner => _owner;

    /// <summary>The present time of this shard, microseconds: later than every known commit.</summary>
    public long NowUs => Math.Max(_time.NowUs(), Signal.Head.TimeUs + 1);

    /// <summary>
    /// The time up to which <see cref="Signal"/> includes every commit: now for an owner, or the moment up to which its
    /// lease surely lasts; else the start of the last poll.
    /// </summary>
    public long KnownUs => Epoch != 0 && _writer is { Stopped.IsCompleted: false } writer
        ? NowUs - writer.Lease.OverdueUs
        : Interlocked.Read(ref _lookedUs);

    /// <summary>Why this process does not own the shard; null while it does.</summary>
    public string? WhyNot => _writer is null ? NotHere.Message : null;

    /// <summary>
    /// Why the shard must not be used as it is; null while it may be. A closed shard stays closed until the next start,
    /// or until another process owns it and it holds again what was acknowledged.
    /// </summary>
    public HistoryFault? Closed => _closed;

    /// <summary>What stopped the shard for as long as this process runs; null while it may be used.</summary>
    public string? Stopped => _closed?.Sentence
        ?? (_writer?.Fault is { Code: not ErrorCode.NotOwner } why ? why : _stopped)?.Message;

    /// <summary>
    /// Why the shard must not be read here as the truth; null while it may be. Another owner says nothing of a shard
    /// that was closed: it may be about to close it, too.
    /// </summary>
    public TidelineException? WhyUnreadable => _closed is not null ? WhyStopped
        : _hasSuccessor ? null
        : _stopped is { Code: ErrorCode.Corrupt } ? WhyStopped
        : _writer is { Stopped.IsCompleted: true, Fault: { Code: ErrorCode.Corrupt } why }
            ? new TidelineException(why.Code, why.Message, why)
            : null;

    public int QueueDepth => _writer?.QueueDepth ?? 0;

    /// <exception cref="TidelineException">NotOwner: another process owns the shard, or none can; the message says
    /// which.</exception>
    public ShardWriter Writer => _writer ?? throw NotHere;

    private TidelineException NotHere =>
        WhyStopped ?? new(ErrorCode.NotOwner, _why?.Message ?? $"Shard {Shard} has no owner yet.", _why);

    private TidelineException? WhyStopped => _closed?.ToException()
        ?? (_stopped is { } why ? new TidelineException(why.Code, why.Message, why) : null);

    /// <summary>As <see cref="ShardWriter.ForgetMessages"/>; no effect if another process owns the shard.</summary>
    public void ForgetMessages(long throughSeq) => _writer?.ForgetMessages(throughSeq);

    /// <summary>Queues a command if this process owns the shard; else returns null.</summary>
    /// <exception cref="TidelineException">As <see cref="ShardWriter.Submit"/>, except NotOwner. The fault that stopped
    /// the shard, until another process has acquired it.</exception>
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
            // The shard was lost just now; nothing was queued.
            return null;
        }
    }

    /// <summary>Acquires the shard, or stands by if another process owns it.</summary>
    /// <param name="reachable">Completes when other processes can reach this one; until then it stands by.</param>
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
            else await slot.StandByAsync(cancel);
        }
        catch (TidelineException fault) when (fault.Code == ErrorCode.AlreadyOwned)
        {
            slot._why = fault;
            await slot.StandByAsync(cancel);
        }
        catch (TidelineException) when (slot._closed is not null)
        {
            // Keep polling: another process may have the shard as it was.
        }
        catch
        {
            await slot.DisposeAsync();
            throw;
        }

        slot._loop = Background.Run(slot.RunAsync);
        return slot;
    }

    // Reads are answered here from now on, so the shard is checked although another process may own it: that process
    // may have ended.
    private async Task StandByAsync(CancellationToken cancel)
    {
        await LookAsync(cancel);
        if (await _findFault(cancel) is { } fault) Close(fault);
    }

    /// <summary>Reads the shard's head and owner.</summary>
    /// <returns>The owner that the store names, this process or another; null if there is none.</returns>
    /// <exception cref="TidelineException">StorageUnavailable: the store does not answer.</exception>
    public async Task<ShardOwner?> LookAsync(CancellationToken cancel)
    {
        await ReadHeadAsync(cancel);
        var owner = await _reader.GetOwnerAsync(cancel);
        See(owner);
        return owner;
    }

    /// <summary>Reads the shard's head.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: the store does not answer.</exception>
    public async Task ReadHeadAsync(CancellationToken cancel)
    {
        var beganUs = NowUs;
        var head = await _reader.GetHeadAsync(cancel);
        Signal.Reach(head.EventSeq, head.MessageSeq, head.TimeUs);
        // Times rise, so everything up to the head's time is known too.
        Interlocked.Exchange(ref _lookedUs, Math.Max(beganUs, head.TimeUs));
    }

    /// <summary>Executes the queued commands, then releases the shard.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_writer is { } writer) await writer.DisposeAsync();
        if (_candidate is { } candidate) await candidate.DisposeAsync();
        See(null);
        _stop.Dispose();
    }

    // After this process has left a shard, it waits: the shard goes to the process that requested it or took over. A
    // process that released and reacquired at once would always be first.
    private bool IsAnothersTurn => _leftAt is { } at
        && _time.GetElapsedTime(at).TotalMilliseconds < LedgerLimits.OrphanMs;

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (_writer is { } writer) await LeaveAsync(writer);
                await LookAsync(_stop.Token);
                if (_closed is { } closed && _owner is not null) await ReopenAsync(closed, _stop.Token);
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
                await Task.Delay(Poll, _time, _stop.Token).ConfigureAwait(Background.WhateverItsEnd);
            }
        }
    }

    private async Task LeaveAsync(ShardWriter writer)
    {
        await Task.WhenAny(writer.Stopped, writer.Wanted).WaitAsync(_stop.Token);
        var why = writer.Stopped.IsCompleted ? await writer.Stopped
            : new TidelineException(ErrorCode.NotOwner, $"Shard {Shard} moves to a process that prefers it.");
        // Permanent: after a failed flush, only a new process can tell what the file holds.
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

    // Several look at once: each owner that was seen is told when there is another.
    private void See(ShardOwner? owner)
    {
        ObservedOwner? before;
        lock (_seeing)
        {
            // It is this process, or a look that began before this process acquired the shard.
            if (owner is not null && Epoch != 0) return;
            before = _owner;
            if (before?.Owner == owner) return;
            _owner = owner is null ? null : new ObservedOwner(owner);
            // From then on a command waits while that process restarts.
            if (owner is { Address.Length: > 0 } && owner.Secret != _store.Self.Secret) _hasSuccessor = true;
        }

        before?.Leave();
    }

    /// <summary>Takes no more commands, because the shard does not hold what was acknowledged.</summary>
    public void Close(HistoryFault why)
    {
        HistoryFault? before;
        // Always another object: a check of the one before must not reopen the shard.
        do before = _closed;
        while (!TryReplace(before?.With(why) ?? why, before));
        if (before is not null) return;
        _writer?.Stop(why.ToException());
        ClosedForGood(_logger, Shard, why.Sentence);
    }

    private bool TryReplace(HistoryFault? why, HistoryFault? before) =>
        ReferenceEquals(Interlocked.CompareExchange(ref _closed, why, before), before);

    // A shard that lost acknowledged commands must not be used. A refused shard is released and not acquired again.
    private async Task AdmitAsync(CancellationToken cancel)
    {
        if (await _findFault(cancel) is not { } fault) return;
        Close(fault);
        await _candidate!.DisposeAsync();
        _candidate = null;
        throw fault.ToException();
    }

    // Another process owns it: it may be as it was, and this process checks that itself. A witness that does not answer
    // finds no fault, so the shard must also hold what was missing when it was closed. While it does not, no witness is
    // asked.
    private async Task ReopenAsync(HistoryFault fault, CancellationToken cancel)
    {
        if (await HistoryCheck.CompareAsync(_reader, Shard, "a witness", fault.Seen, cancel) is not null) return;
        if (await _findFault(cancel) is { } other) Close(other);
        else if (TryReplace(null, fault)) Reopened(_logger, Shard);
    }

    private async Task AcquireAsync(CancellationToken cancel)
    {
        // Kept for the next attempt, with its connection.
        _candidate ??= _store.OpenWriter(Shard);
        var lease = new LeaseClock(_time, _time.GetTimestamp(), _candidate.HasLease);
        var head = await _candidate.AcquireAsync(cancel);
        await AdmitAsync(cancel);
        Signal.Reach(head.EventSeq, head.MessageSeq, head.TimeUs);
        var writer = new ShardWriter(_candidate, _context, head, lease, Signal, _time, _logger, _committed);
        _candidate = null;
        (_writer, _why) = (writer, null);
        Interlocked.Exchange(ref _epoch, head.Epoch);
        See(null);
        _hasSuccessor = false;
        // The fault was found while the shard was acquired, when there was no writer to stop yet.
        if (_closed is { } why) writer.Stop(why.ToException());
        Acquired(_logger, Shard, head.Epoch);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Shard {Shard} is owned by this process, epoch {Epoch}.")]
    private static partial void Acquired(ILogger logger, int shard, long epoch);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Shard {Shard} is handed over to a process that prefers it.")]
    private static partial void HandedOver(ILogger logger, int shard);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard} is no longer owned by this process; standing by.")]
    private static partial void Lost(ILogger logger, int shard, Exception why);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Shard {Shard} is closed and takes no commands. {Why}")]
    private static partial void ClosedForGood(ILogger logger, int shard, string why);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Shard {Shard} holds again what was acknowledged; another process owns it.")]
    private static partial void Reopened(ILogger logger, int shard);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shard {Shard} could not be acquired; retrying.")]
    private static partial void NotAcquired(ILogger logger, int shard, Exception fault);
}
