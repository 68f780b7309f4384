using Tideline.Tools.Load;

namespace Tideline.Tools.Simulation;

/// <summary>
/// A process of the simulation: the tasks, threads and timers that end with it, and its own clock on the wall.
/// </summary>
internal sealed class SimulatedProcess
{
    private readonly World _world;
    private readonly TaskCompletionSource _ended = new();

    public SimulatedProcess(World world, int number, string name)
    {
        (_world, Number, Name) = (world, number, name);
        Scheduler = new ProcessScheduler(world, this);
        Time = new VirtualTime(world, this);
    }

    public int Number { get; }

    public string Name { get; }

    public ProcessScheduler Scheduler { get; }

    /// <summary>Its clock.</summary>
    public VirtualTime Time { get; }

    public bool IsAlive { get; private set; } = true;

    public bool IsPaused { get; private set; }

    /// <summary>
    /// Whether an operator must restart it: its disk failed to flush, or it started with a wrong clock.
    /// </summary>
    public bool IsBroken { get; set; }

    /// <summary>Whether its node has started.</summary>
    public bool IsStarted { get; set; }

    /// <summary>Completes when it is killed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What waits while it is paused.</summary>
    public List<object> Held { get; } = [];

    /// <summary>Starts work of the process; after a kill it never ends.</summary>
    public Task Run(Func<Task> work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();

    /// <summary>
    /// Calls the process from another one. When it is killed before it answers, the call ends with
    /// <see cref="ConnectionLostException"/>; the work may have been done.
    /// </summary>
    public async Task<T> CallAsync<T>(Func<Task<T>> work)
    {
        if (!IsAlive) throw new ConnectionLostException(Name);
        var answer = Task.Factory.StartNew(
            work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();
        if (await Task.WhenAny(answer, Ended) != answer) throw new ConnectionLostException(Name);
        return await answer;
    }

    /// <summary>Ends it as kill -9 does: nothing of it runs any more.</summary>
    public void Kill()
    {
        if (!IsAlive) return;
        IsAlive = false;
        Held.Clear();
        _world.Drop(this);
        _ended.SetResult();
    }

    /// <summary>Stops it as SIGSTOP does; its clock runs on.</summary>
    public void Pause()
    {
        if (IsPaused || !IsAlive) return;
        IsPaused = true;
        _world.Hold(this);
    }

    /// <summary>Lets it go on.</summary>
    public void Resume()
    {
        if (!IsPaused) return;
        IsPaused = false;
        foreach (var work in Held) _world.Add(this, work);
        Held.Clear();
    }
}
