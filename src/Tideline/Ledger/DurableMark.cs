using Tideline.Kernel;

namespace Tideline.Ledger;

/// <summary>Through which of its batches a shard is durable.</summary>
internal sealed class DurableMark
{
    private readonly object _gate = new();
    private long _through;
    private TidelineException? _fault;

    public void Move(long through)
    {
        lock (_gate)
        {
            _through = through;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Nothing more of the shard becomes durable.</summary>
    public void Fail(TidelineException fault)
    {
        lock (_gate)
        {
            _fault ??= fault;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Returns when a batch is durable. A settler waits here only for batches that were committed before its own, so that no two can wait for each other.
    /// </summary>
    /// <exception cref="TidelineException">What stopped that shard.</exception>
    public void Wait(long batch)
    {
        lock (_gate)
        {
            while (_through < batch)
            {
                if (_fault is not null) throw new TidelineException(_fault.Code, _fault.Message, _fault);
                Monitor.Wait(_gate);
            }
        }
    }
}

/// <summary>A key taken on its home shard with a batch that may not be durable yet.</summary>
internal sealed record Reservation(Reply Reply, DurableMark Home, long Batch)
{
    /// <summary>Returns when the reservation is durable.</summary>
    /// <exception cref="TidelineException">What stopped its shard.</exception>
    public void Wait() => Home.Wait(Batch);
}
