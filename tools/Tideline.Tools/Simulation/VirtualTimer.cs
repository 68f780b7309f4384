namespace Tideline.Tools.Simulation;

/// <summary>A timer on virtual time. It fires as a step of its process.</summary>
internal sealed class VirtualTimer(World world, SimulatedProcess process, TimerCallback callback, object? state)
    : ITimer
{
    /// <summary>The <see cref="Number"/> of a timer whose time has come.</summary>
    public const long Due = -1;

    private TimeSpan _period;

    /// <summary>The number under which it is queued; an earlier one no longer counts.</summary>
    public long Number { get; set; }

    public SimulatedProcess Process => process;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        (_period, Number) = (period, 0);
        if (dueTime >= TimeSpan.Zero) world.Add(this, world.NowTicks + dueTime.Ticks);
        return true;
    }

    /// <summary>Calls back, on the scheduler of its process.</summary>
    public void Fire()
    {
        if (Number != Due) return;
        Number = 0;
        if (_period > TimeSpan.Zero) Change(_period, _period);
        callback(state);
    }

    public void Dispose() => Number = 0;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
