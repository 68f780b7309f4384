namespace Tideline.Engines.Log.Kafka;

/// <summary>
/// The records of one append that are on their way. It has landed when the brokers have confirmed all of them.
/// </summary>
internal sealed class Flight
{
    private readonly TaskCompletionSource _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = 1;

    public Task Landed => _landed.Task;

    public void Add() => Interlocked.Increment(ref _left);

    /// <summary>A record is confirmed; or, once, no more will be added.</summary>
    public void Done()
    {
        if (Interlocked.Decrement(ref _left) == 0) _landed.TrySetResult();
    }

    public void Fail(Exception fault)
    {
        if (!_landed.TrySetException(fault)) return;
        // Whoever appended may have given up waiting: then nobody else looks at it.
        _ = _landed.Task.Exception;
    }
}
