using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Answers a shard's batches in order once they are durable, on its own thread: while one batch is flushed, the writer
/// decides the next.
/// </summary>
internal sealed class BatchAcknowledger : IAsyncDisposable
{
    // Waits use Monitor, here and in ShardWriter. SemaphoreSlim spins first, and with two processors the spinning takes
    // the processor that the awaited work needs.
    private readonly object _gate = new();
    private readonly Queue<CommittedBatch> _batches = new();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _sync;
    private readonly Action<CommittedBatch> _settle;
    private readonly Action<IReadOnlyList<PendingCommand>, Exception> _fail;
    private bool _ended;

    /// <param name="shard">The shard, for the thread's name.</param>
    /// <param name="sync">Makes everything durable that was committed before the call.</param>
    /// <param name="settle">Answers a batch that is durable.</param>
    /// <param name="fail">Answers a batch whose outcome is unknown.</param>
    public BatchAcknowledger(
        int shard, Action sync, Action<CommittedBatch> settle, Action<IReadOnlyList<PendingCommand>, Exception> fail)
    {
        (_sync, _settle, _fail) = (sync, settle, fail);
        ShardThreads.Used.Start($"settle-{shard}", Run);
    }

    /// <summary>Hands over a committed batch; waits while too many batches are not durable yet.</summary>
    public void Add(CommittedBatch batch)
    {
        lock (_gate)
        {
            while (_batches.Count >= LedgerLimits.UnsettledBatches) ShardThreads.Used.Wait(_gate);
            _batches.Enqueue(batch);
            ShardThreads.Used.Pulse(_gate);
        }
    }

    /// <summary>Completes when all batches handed over are answered.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _ended = true;
            ShardThreads.Used.Pulse(_gate);
        }

        return new ValueTask(_end.Task);
    }

    private void Run()
    {
        while (Next() is { } next)
        {
            Settle(next);
            lock (_gate)
            {
                _batches.Dequeue();
                ShardThreads.Used.Pulse(_gate);
            }
        }

        _end.SetResult();
    }

    // A batch stays in the queue until it is settled. Null at the end.
    private CommittedBatch? Next()
    {
        lock (_gate)
        {
            while (_batches.Count == 0)
            {
                if (_ended) return null;
                ShardThreads.Used.Wait(_gate);
            }

            return _batches.Peek();
        }
    }

    private void Settle(CommittedBatch batch)
    {
        try
        {
            _sync();
            CrashPoint.Pass("commit.after");
            _settle(batch);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _fail(batch.Commands, fault);
        }
    }
}

/// <summary>A batch that is committed, with the commands that wait for its answer.</summary>
internal sealed record CommittedBatch(Batch Batch, IReadOnlyList<PendingCommand> Commands);
