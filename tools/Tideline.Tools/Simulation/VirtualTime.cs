namespace Tideline.Tools.Simulation;

/// <summary>
/// The clocks of a simulated process: the monotonic one is the world's; the one on the wall may be set wrong.
/// </summary>
internal sealed class VirtualTime(World world, SimulatedProcess process) : TimeProvider
{
    /// <summary>How far the clock on the wall is ahead.</summary>
    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => world.Start.AddTicks(world.NowTicks) + Offset;

    public override long GetTimestamp() => world.NowTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(world, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
