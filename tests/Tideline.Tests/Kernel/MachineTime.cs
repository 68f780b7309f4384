using Microsoft.Extensions.Time.Testing;

namespace Tideline.Tests.Kernel;

/// <summary>
/// The two clocks of a machine, as a test moves them: the monotonic one, by which timers go, and the system clock,
/// which may jump.
/// </summary>
internal sealed class MachineTime(DateTimeOffset start) : TimeProvider
{
    private readonly FakeTimeProvider _monotonic = new(start);
    private long _jumpedTicks;

    /// <inheritdoc/>
    public override long TimestampFrequency => _monotonic.TimestampFrequency;

    public static MachineTime InMarch() => new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>Time passes: both clocks go on.</summary>
    public void Advance(TimeSpan by) => _monotonic.Advance(by);

    /// <summary>
    /// The system clock is set, or goes on while the machine is suspended: the monotonic clock stands.
    /// </summary>
    public void Jump(TimeSpan by) => Interlocked.Add(ref _jumpedTicks, by.Ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _monotonic.GetUtcNow().AddTicks(Interlocked.Read(ref _jumpedTicks));

    /// <inheritdoc/>
    public override long GetTimestamp() => _monotonic.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _monotonic.CreateTimer(callback, state, dueTime, period);
}
