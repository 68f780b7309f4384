using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// The single writer of a shard. It takes every waiting command, decides them in one transaction and answers all after
/// its commit; commands that arrive during a commit form the next batch. There is no timer, except a short delay where
/// COMMIT waits for a disk: <see cref="BatchingDelay"/>.
/// </summary>
/// <remarks>
/// <code>
/// writer:  Submit ─► queue ─► 1 take all ─► 2 begin + read ─► 3 decide each ─► 4 commit
/// settler: 4 commit ─► 5 sync ─► 6 head, listeners ─► 7 answer
/// </code>
/// A command that throws, or whose rows the engine rejects, fails alone: the rest of its batch is decided again.
/// </remarks>
internal sealed class ShardWriter : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly IShardStore _store;
    private readonly ShardContext _context;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CommitSignal _signal;
    private readonly BatchAcknowledger _settler;
    private readonly BatchingDelay _delay;
    private readonly AnswerLimit _limit;
    private readonly Action<BatchWrites>? _committed;
    private readonly TaskCompletionSource<TidelineException> _stoppedEnd = new(
        TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PendingCommand> _waiting = [];
    private ShardHead _head;
    private volatile bool _draining;
    private TidelineException? _closed, _stopped;
    private volatile ShardPause? _pause;
    private long _forgetThrough;
    private string? _failing;

    public ShardWriter(IShardStore store, ShardContext context, ShardHead head, LeaseClock lease,
        CommitSignal signal, TimeProvider time, ILogger logger, Action<BatchWrites>? committed)
    {
        (_store, _context, _head, Lease, _signal, _time, _logger, _committed) =
            (store, context, head, lease, signal, time, logger, committed);
        _delay = new BatchingDelay(store.WaitsAtCommit, _gate, () => _waiting.Count, () => _draining, time);
        _settler = new BatchAcknowledger(context.Shard, () => BatchSteps.Wait(store.SyncAsync()), Settle, FailUnknown);
        _limit = new AnswerLimit(context.Shard, Withdraw, time);
        ShardThreads.Used.Start($"shard-{context.Shard}", Run);
    }

    /// <summary>Completes with the fault that stopped the writer before it was disposed.</summary>
    public Task<TidelineException> Stopped => _stoppedEnd.Task;

    /// <summary>For how long this process surely owns the shard.</summary>
    public LeaseClock Lease { get; }

    /// <summary>As <see cref="IShardStore.Wanted"/>.</summary>
    public Task Wanted => _store.Wanted;

    /// <summary>The same fault while the writer exists; null while it runs.</summary>
    public TidelineException? Fault
    {
        get
        {
            lock (_gate) return _stopped;
        }
    }

    public int QueueDepth
    {
        get
        {
            lock (_gate) return _waiting.Count;
        }
    }

    /// <summary>Queues a command; the task completes when its commit is durable.</summary>
    /// <exception cref="TidelineException">Overloaded, ShuttingDown, or what stopped the shard: nothing was
    /// queued.</exception>
    public Task<Reply> Submit(LedgerCommand command)
    {
        var pending = new SinglePending(command, _time.GetTimestamp());
        lock (_gate)
        {
            ThrowIfClosed();
            _waiting.Add(pending);
            if (_waiting.Count == 1) ShardThreads.Used.Pulse(_gate);
        }

        return pending.End;
    }

    /// <summary>Queues several commands; the task completes when each is durable or has failed.</summary>
    /// <exception cref="TidelineException">As <see cref="Submit"/>.</exception>
    public Task<CommandEnd[]> SubmitAll(IReadOnlyList<LedgerCommand> commands)
    {
        if (commands.Count == 0) return Task.FromResult<CommandEnd[]>([]);
        var (group, now) = (new PendingGroup(commands.Count), _time.GetTimestamp());
        lock (_gate)
        {
            ThrowIfClosed();
            var wasIdle = _waiting.Count == 0;
            for (var index = 0; index < commands.Count; index++)
                _waiting.Add(new GroupedPending(commands[index], now, group, index));
            if (wasIdle) ShardThreads.Used.Pulse(_gate);
        }

        return group.End;
    }

    /// <summary>Pauses the writer after the present batch, until it is released.</summary>
    /// <exception cref="TidelineException">Overloaded: it is paused already.</exception>
    public ShardPause Pause()
    {
        lock (_gate)
        {
            if (_pause is not null)
                throw new TidelineException(ErrorCode.Overloaded, $"Shard {_context.Shard} is already paused.");
            _pause = new ShardPause();
            ShardThreads.Used.Pulse(_gate);
            return _pause;
        }
    }

    public void ForgetMessages(long throughSeq) => Interlocked.Exchange(ref _forgetThrough, throughSeq);

    /// <summary>Executes the queued commands, then ends the writer and its store.</summary>
    public ValueTask DisposeAsync() => DisposeAsync(new TidelineException(
        ErrorCode.ShuttingDown, "The program is shutting down; repeat the request with the same key."));

    /// <summary>As above; later callers receive <paramref name="why"/>.</summary>
    public async ValueTask DisposeAsync(TidelineException why)
    {
        lock (_gate)
        {
            (_draining, _closed) = (true, why);
            ShardThreads.Used.Pulse(_gate);
        }

        await _ended.Task;
        await _settler.DisposeAsync();
        _limit.Dispose();
        await _store.DisposeAsync();
    }

    // The queue is in the order of arrival.
    private List<PendingCommand> Withdraw(long before)
    {
        lock (_gate)
        {
            var count = 0;
            while (count < _waiting.Count && _waiting[count].Since < before) count++;
            var withdrawn = _waiting.GetRange(0, count);
            _waiting.RemoveRange(0, count);
            return withdrawn;
        }
    }

    private void ThrowIfClosed()
    {
        if (_stopped is not null) throw new TidelineException(_stopped.Code, _stopped.Message, _stopped);
        if (_closed is not null) throw new TidelineException(_closed.Code, _closed.Message, _closed);
        if (_waiting.Count >= LedgerLimits.ShardQueueDepth)
            throw new TidelineException(ErrorCode.Overloaded, $"{_waiting.Count} commands wait for shard "
                + $"{_context.Shard}; repeat the request with the same key in a moment.");
    }

    private void Run()
    {
        while (Take() is { } taken)
        {
            var began = _time.GetTimestamp();
            CommitOrFail(taken);
            _delay.Note(taken.Length, _time.GetElapsedTime(began));
        }

        _ended.SetResult();
    }

    // :: Step 1. Null when the shard is drained.
    private PendingCommand[]? Take()
    {
        while (true)
        {
            if (TryTake() is { } taken) return taken;
            if (_pause is { } pause) StandStill(pause);
            else if (_draining) return null;
            else Renew();
        }
    }

    // Null if nothing came for a while, or the writer is draining and the queue is empty.
    private PendingCommand[]? TryTake()
    {
        lock (_gate)
        {
            var isIdle = _waiting.Count == 0 && !_draining && _pause is null;
            if (isIdle) ShardThreads.Used.Wait(_gate, LedgerLimits.LeaseRenewMs);
            if (_waiting.Count == 0 || _pause is not null) return null;
            _delay.Wait();
            // During the delay, all of them may have been answered as overdue.
            if (_waiting.Count == 0) return null;
            var count = Math.Min(_waiting.Count, LedgerLimits.ShardBatchCommands);
            var taken = new PendingCommand[count];
            _waiting.CopyTo(0, taken, 0, count);
            _waiting.RemoveRange(0, count);
            _limit.Add(taken);
            return taken;
        }
    }

    private void StandStill(ShardPause pause)
    {
        pause.Stand();
        lock (_gate) _pause = null;
    }

    private void Renew()
    {
        if (Stopped.IsCompleted) return;
        try
        {
            var sentAt = _time.GetTimestamp();
            BatchSteps.Wait(_store.RenewAsync());
            Lease.Renew(sentAt);
        }
        catch (TidelineException fault) when (fault.Code is not (ErrorCode.NotOwner or ErrorCode.Corrupt))
        {
            // The next attempt may succeed, and a commit in the meantime reports its own fault.
            ShardLog.NotRenewed(_logger, _context.Shard, fault);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Fail([], fault);
        }
    }

    private void CommitOrFail(PendingCommand[] commands)
    {
        try
        {
            Commit(commands);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Fail(commands, fault);
        }
    }

    private void Commit(PendingCommand[] commands)
    {
        // A deadlock with another transaction costs one more round, no more.
        for (var attempt = 1; !TryCommit(commands); attempt++)
        {
            if (attempt == LedgerLimits.StrongContentionRetries)
                throw new TidelineException(ErrorCode.StorageUnavailable,
                    $"Another process keeps locking the rows of shard {_context.Shard}; the batch was rolled back.");
        }
    }

    // False: the batch must be begun and decided again.
    private bool TryCommit(PendingCommand[] commands)
    {
        if (Fault is { } stopped) throw new TidelineException(stopped.Code, stopped.Message, stopped);
        if (ClockRules.Behind(_context.Shard, _head.TimeUs, _time.NowUs()) is { } behind)
            throw new TidelineException(ErrorCode.ClockWrong, behind);
        // :: Step 2
        if (BatchSteps.Collect(commands, _context, out var keys, out var notBeforeUs) is { } unnamed)
        {
            TakeApart(commands, unnamed);
            return true;
        }

        BatchRows rows;
        try
        {
            rows = BatchSteps.Wait(_store.BeginAsync(keys));
        }
        catch (TidelineException damaged) when (damaged.IsOfOneRow)
        {
            BatchSteps.Wait(_store.RollbackAsync());
            TakeApart(commands, damaged);
            return true;
        }

        var batch = new Batch(_context, _head, ClockRules.StampUs(_time.NowUs(), _head.TimeUs, notBeforeUs), rows);

        // :: Step 3
        if (BatchSteps.DecideAll(commands, batch) is { } thrown)
        {
            BatchSteps.Wait(_store.RollbackAsync());
            TakeApart(commands, thrown);
            return true;
        }

        // :: Step 4
        try
        {
            if (!Write(batch)) return false;
        }
        catch (TidelineException refused) when (refused.Code == ErrorCode.Internal)
        {
            // The engine rejects a row, and nothing of the batch was written: see IShardStore.CommitAsync.
            TakeApart(commands, refused);
            return true;
        }

        _settler.Add(new CommittedBatch(batch, commands));
        return true;
    }

    // Split in halves: few commits isolate the faulty command, and it fails alone.
    private void TakeApart(PendingCommand[] commands, Exception fault)
    {
        if (commands is [var guilty])
        {
            var (command, name) = (guilty.Command, guilty.Command.GetType().Name);
            ShardLog.NotCarriedOut(_logger, _context.Shard, name, command.Subject, command.RouteId, command.Key, fault);
            const string words = "The command could not be executed; nothing changed.";
            guilty.Fail(fault is TidelineException { IsOfOneRow: true } damaged
                ? damaged : new TidelineException(ErrorCode.Internal, words, fault));
            return;
        }

        var half = commands.Length / 2;
        ShardLog.TakenApart(_logger, _context.Shard, commands.Length, fault.Message);
        CommitOrFail(commands[..half]);
        CommitOrFail(commands[half..]);
    }

    // :: Steps 6 and 7, after the settler's step 5
    private void Settle(CommittedBatch settled)
    {
        var batch = settled.Batch;
        if (Volatile.Read(ref _failing) is not null && Interlocked.Exchange(ref _failing, null) is not null)
            ShardLog.BatchesPass(_logger, _context.Shard);
        _signal.Reach(batch.EventSeq, batch.MessageSeq, batch.TimeUs);
        _committed?.Invoke(batch.Writes);
        AnswerGroup.Send(settled.Commands);
    }

    // Later batches build on one whose outcome is unknown: the shard stops here.
    private void FailUnknown(IReadOnlyList<PendingCommand> commands, Exception fault)
    {
        var told = fault as TidelineException
            ?? new TidelineException(ErrorCode.Internal, "The shard cannot continue after this fault; restart.", fault);
        Stop(told);
        Fail(commands, fault);
    }

    private bool Write(Batch batch)
    {
        batch.Writes.ForgetMessagesThrough = Interlocked.Read(ref _forgetThrough);
        try
        {
            CrashPoint.Pass("commit.before");
            var sentAt = _time.GetTimestamp();
            if (!BatchSteps.Wait(_store.CommitAsync(batch.Writes))) return false;
            Lease.Renew(sentAt);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            BatchSteps.Wait(_store.RollbackAsync());
            throw;
        }

        // A newer request in the meantime stays for the next batch.
        Interlocked.CompareExchange(ref _forgetThrough, 0, batch.Writes.ForgetMessagesThrough);
        var block = batch.Writes.Blocks.Count > 0 ? batch.Writes.Blocks[^1] : null;
        _head = _head with
        {
            EventSeq = batch.EventSeq,
            MessageSeq = batch.MessageSeq,
            TimeUs = batch.TimeUs,
            BlockNumber = block?.Number ?? _head.BlockNumber,
            BlockHash = block?.Hash ?? _head.BlockHash,
            BlockThroughSeq = block?.ThroughSeq ?? _head.BlockThroughSeq,
        };
        return true;
    }

    private void Fail(IReadOnlyList<PendingCommand> commands, Exception fault)
    {
        var told = fault as TidelineException ?? new TidelineException(
            ErrorCode.Internal, "The batch could not be executed; nothing changed.", fault);
        // A full disk fails batch after batch: log one line for all of them.
        if (commands.Count > 0 && Interlocked.Exchange(ref _failing, told.Message) != told.Message)
            ShardLog.BatchesFail(_logger, _context.Shard, told.Message, fault is TidelineException ? null : fault);
        if (told.Code is ErrorCode.NotOwner or ErrorCode.Corrupt) Stop(told);
        foreach (var pending in commands) pending.Fail(told);
    }

    /// <summary>Takes no more commands; waiting commands fail with <paramref name="why"/>.</summary>
    public void Stop(TidelineException why)
    {
        lock (_gate) _stopped ??= why;
        _stoppedEnd.TrySetResult(why);
    }
}
