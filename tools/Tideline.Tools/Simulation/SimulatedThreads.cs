#pragma warning disable CA1001 // It lives as long as its world.
using Tideline.Ledger;

namespace Tideline.Tools.Simulation;

/// <summary>
/// The ledger's threads in a simulation. They are real threads that take turns with the loop of the world: a thread
/// runs until it waits.
/// </summary>
internal sealed class SimulatedThreads(World world) : ShardThreads
{
    [ThreadStatic]
    private static SimulatedThread? s_current;

    private readonly List<SimulatedThread> _threads = [];
    private readonly AutoResetEvent _loopsTurn = new(false);

    public override void Start(string name, Action run)
    {
        var process = world.Current ?? throw new SimulationException($"Thread {name} has no process.");
        var thread = new SimulatedThread(process, name);
        var task = new Task(run, TaskCreationOptions.DenyChildAttach);
        process.Scheduler.StartOfThread(task);
        _threads.Add(thread);
        new Thread(() => Live(thread, task), SimulatedThreadStackBytes) { IsBackground = true, Name = name }.Start();
        world.Add(process, thread);
    }

    public override void Wait(object gate, int timeoutMs = Timeout.Infinite)
    {
        var thread = RequireThread();
        (thread.Gate, var wait) = (gate, ++thread.Wait);
        VirtualTimer? timer = null;
        if (timeoutMs != Timeout.Infinite)
        {
            timer = new VirtualTimer(world, thread.Process, _ => Wake(thread, wait), null);
            timer.Change(TimeSpan.FromMilliseconds(timeoutMs), Timeout.InfiniteTimeSpan);
        }

        Monitor.Exit(gate);
        Yield(thread);
        Monitor.Enter(gate);
        timer?.Dispose();
        if (!thread.Process.IsAlive) throw new ProcessEndedException();
    }

    public override void Pulse(object gate)
    {
        foreach (var thread in _threads)
        {
            if (thread.Gate == gate) Wake(thread, thread.Wait);
        }
    }

    public override void Wait(Task call)
    {
        if (!call.IsCompleted)
        {
            var thread = RequireThread();
            var wait = ++thread.Wait;
            thread.Gate = call;
            _ = call.ContinueWith(
                _ => Wake(thread, wait), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            Yield(thread);
            if (!thread.Process.IsAlive) throw new ProcessEndedException();
        }

        call.GetAwaiter().GetResult();
    }

    /// <summary>Lets a thread run until it waits or ends.</summary>
    public void Resume(SimulatedThread thread)
    {
        thread.Turn.Set();
        _loopsTurn.WaitOne();
        if (thread.IsOver) _threads.Remove(thread);
    }

    /// <summary>Ends the threads of a process that was killed.</summary>
    public void Unwind(SimulatedProcess process)
    {
        foreach (var thread in _threads.Where(thread => thread.Process == process).ToArray())
        {
            while (!thread.IsOver) Resume(thread);
        }
    }

    private const int SimulatedThreadStackBytes = 512 * 1024;

    private void Live(SimulatedThread thread, Task task)
    {
        s_current = thread;
        thread.Turn.WaitOne();
        if (thread.Process.IsAlive) thread.Process.Scheduler.Execute(task);
        thread.IsOver = true;
        _loopsTurn.Set();
    }

    private void Yield(SimulatedThread thread)
    {
        _loopsTurn.Set();
        thread.Turn.WaitOne();
    }

    private void Wake(SimulatedThread thread, long wait)
    {
        if (thread.Gate is null || thread.Wait != wait) return;
        thread.Gate = null;
        world.Add(thread.Process, thread);
    }

    private static SimulatedThread RequireThread() =>
        s_current ?? throw new SimulationException("Only a thread of the ledger may block.");
}
