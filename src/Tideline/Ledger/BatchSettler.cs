using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>
/// Answers a shard's batches once they are durable, in their order, on a thread of its own: while the disk takes one batch, the writer decides the next.
/// </summary>
internal sealed class BatchSettler : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly SemaphoreSlim _room = new(Limits.UnsettledBatches);
    private readonly Queue<(Batch Batch, List<PendingCommand> Commands)> _batches = new();
    private readonly Thread _thread;
    private readonly Action _sync;
    private readonly Action<Batch, List<PendingCommand>> _settle;
    private readonly Action<List<PendingCommand>, Exception> _fail;

    /// <param name="shard">The shard, for the thread's name.</param>
    /// <param name="sync">Makes everything durable that was committed before the call.</param>
    /// <param name="settle">Answers a batch that is durable.</param>
    /// <param name="fail">Answers a batch whose fate is unknown.</param>
    public BatchSettler(int shard, Action sync, Action<Batch, List<PendingCommand>> settle, Action<List<PendingCommand>, Exception> fail)
    {
        (_sync, _settle, _fail) = (sync, settle, fail);
        _thread = new Thread(Run) { IsBackground = true, Name = $"settle-{shard}" };
        _thread.Start();
    }

    /// <summary>Hands over a committed batch; waits while too many are not durable yet.</summary>
    public void Add(Batch batch, List<PendingCommand> commands)
    {
        _room.Wait();
        lock (_gate) _batches.Enqueue((batch, commands));
        _work.Release();
    }

    /// <summary>Returns when all that was handed over is answered.</summary>
    public void Dispose()
    {
        _work.Release();
        _thread.Join();
        _work.Dispose();
        _room.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _work.Wait();
            Batch batch;
            List<PendingCommand> commands;
            lock (_gate)
            {
                // Released without a batch: the end.
                if (!_batches.TryDequeue(out var next)) return;
                (batch, commands) = next;
            }

            Settle(batch, commands);
            _room.Release();
        }
    }

    private void Settle(Batch batch, List<PendingCommand> commands)
    {
        try
        {
            _sync();
            CrashPoint.Pass("commit.after");
            _settle(batch, commands);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _fail(commands, fault);
        }
    }
}
