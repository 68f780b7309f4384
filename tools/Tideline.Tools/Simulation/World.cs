#pragma warning disable CA2000 // Timers belong to the parts that made them.
using Tideline.Tools.Load;

namespace Tideline.Tools.Simulation;

/// <summary>
/// Runs simulated processes one step at a time, on virtual time. The seed chooses which of the steps that are ready
/// runs next, so the same seed gives the same run.
/// </summary>
/// <remarks>
/// Product code awaits on the scheduler of its process, and its own threads take turns with the loop here. What the
/// runtime itself puts on the thread pool runs between two steps: the pool of this program has one thread, and the loop
/// returns to the end of its queue after each step. See <see cref="SimulationProgram"/>.
/// </remarks>
internal sealed class World : IThreadPoolWorkItem
{
    private readonly List<Step> _ready = [];
    private readonly PriorityQueue<VirtualTimer, (long DueTicks, long Number)> _timers = new();
    private readonly SeededRandom _order;
    private readonly TaskCompletionSource _ended = new();
    private long _timerNumber;
    private Task _main = Task.CompletedTask;

    /// <param name="seed">Chooses the order of the steps.</param>
    /// <param name="start">The virtual time at the start.</param>
    public World(ulong seed, DateTimeOffset start)
    {
        (_order, Start) = (new SeededRandom(seed), start);
        Threads = new SimulatedThreads(this);
    }

    /// <summary>The virtual time at the start.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>Virtual time since the start, in ticks of 100 ns.</summary>
    public long NowTicks { get; private set; }

    /// <summary>Steps so far.</summary>
    public long Steps { get; private set; }

    /// <summary>A hash over everything that ran, in order: two runs of a seed have the same.</summary>
    public ulong Trace { get; private set; } = 14695981039346656037;

    /// <summary>The process whose step runs.</summary>
    public SimulatedProcess? Current { get; private set; }

    /// <summary>The threads of the processes.</summary>
    public SimulatedThreads Threads { get; }

    /// <summary>Runs until the work of a process ends.</summary>
    /// <exception cref="SimulationException">
    /// The run did not end within its limits, or nothing is left to run.
    /// </exception>
    public async Task RunAsync(SimulatedProcess process, Func<Task> work)
    {
        _main = process.Run(work);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        await _ended.Task;
        await _main;
    }

    /// <summary>Adds something observable to the trace.</summary>
    public void Note(ulong value)
    {
        unchecked
        {
            Trace = (Trace ^ value) * 1099511628211;
        }
    }

    /// <summary>Adds a step that can run now.</summary>
    public void Add(SimulatedProcess process, object work)
    {
        if (!process.IsAlive) return;
        if (process.IsPaused) process.Held.Add(work);
        else _ready.Add(new Step(process, work));
    }

    public void Add(VirtualTimer timer, long dueTicks) =>
        _timers.Enqueue(timer, (dueTicks, timer.Number = ++_timerNumber));

    /// <summary>Takes back everything that a process was about to do.</summary>
    public void Drop(SimulatedProcess process)
    {
        _ready.RemoveAll(step => step.Process == process);
        Threads.Unwind(process);
    }

    /// <summary>Holds back what a process was about to do.</summary>
    public void Hold(SimulatedProcess process)
    {
        process.Held.AddRange(_ready.Where(step => step.Process == process).Select(step => step.Work));
        _ready.RemoveAll(step => step.Process == process);
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            if (_main.IsCompleted)
            {
                _ended.SetResult();
                return;
            }

            RunStep();
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _ended.SetException(fault);
        }
    }

    private void RunStep()
    {
        if (++Steps > SimulationLimits.Steps)
            throw new SimulationException($"The run did not end within {SimulationLimits.Steps} steps.");
        while (_ready.Count == 0) Advance();
        var at = _ready.Count == 1 ? 0 : _order.Below(_ready.Count);
        var (process, work) = _ready[at];
        _ready[at] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        // A step takes time, so that times rise and timers fall between steps.
        NowTicks += 1 + _order.Below(SimulationLimits.StepTicks);
        Note((ulong)NowTicks * 31 + (ulong)process.Number);
        Current = process;
        switch (work)
        {
            case Task task: process.Scheduler.Execute(task); break;
            case SimulatedThread thread: Threads.Resume(thread); break;
            case VirtualTimer timer: timer.Fire(); break;
            default: throw new SimulationException($"A step cannot be {work.GetType().Name}.");
        }

        Current = null;
    }

    // Nothing is ready: virtual time moves to the next timer.
    private void Advance()
    {
        if (!_timers.TryDequeue(out var timer, out var due))
            throw new SimulationException("Nothing is left to run, and the work has not ended.");
        if (timer.Number != due.Number || !timer.Process.IsAlive) return;
        timer.Number = VirtualTimer.Due;
        if (due.DueTicks > NowTicks) NowTicks = due.DueTicks;
        if (NowTicks > SimulationLimits.MostTicks)
            throw new SimulationException($"The run did not end within {SimulationLimits.MostHours} virtual hours.");
        Add(timer.Process, timer);
    }

    private readonly record struct Step(SimulatedProcess Process, object Work);
}
