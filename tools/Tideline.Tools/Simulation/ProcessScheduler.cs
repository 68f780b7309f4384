namespace Tideline.Tools.Simulation;

/// <summary>
/// Hands the tasks of one simulated process to the world, which runs them in the order that it chooses.
/// </summary>
internal sealed class ProcessScheduler(World world, SimulatedProcess process) : TaskScheduler
{
    private Task? _ofThread;

    /// <summary>Runs a task that was handed over.</summary>
    public void Execute(Task task) => TryExecuteTask(task);

    /// <summary>Starts a task that a thread of the process will execute.</summary>
    public void StartOfThread(Task task)
    {
        _ofThread = task;
        task.Start(this);
    }

    protected override void QueueTask(Task task)
    {
        if (task == _ofThread) _ofThread = null;
        else world.Add(process, task);
    }

    // Never inline: each continuation is a step of its own, before which the process may be killed.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
