namespace Tideline.Ledger;

/// <summary>
/// Starts the ledger's own threads and lets them wait. A simulation replaces it: it runs one thread at a time, on
/// virtual time, in an order that a seed repeats.
/// </summary>
internal class ShardThreads
{
    /// <summary>The one in use. It is replaced before the first ledger starts, or never.</summary>
    public static ShardThreads Used { get; set; } = new();

    /// <summary>Runs an action on a thread of its own.</summary>
    public virtual void Start(string name, Action run) =>
        new Thread(() => run()) { IsBackground = true, Name = name }.Start();

    /// <summary>Releases the lock that the caller holds, and takes it again after a pulse or the timeout.</summary>
    public virtual void Wait(object gate, int timeoutMs = Timeout.Infinite) => Monitor.Wait(gate, timeoutMs);

    /// <summary>Wakes the threads that wait for a lock that the caller holds.</summary>
    public virtual void Pulse(object gate) => Monitor.PulseAll(gate);

    /// <summary>Waits for an engine's call; it may fail.</summary>
    public virtual void Wait(Task call) => call.GetAwaiter().GetResult();
}
