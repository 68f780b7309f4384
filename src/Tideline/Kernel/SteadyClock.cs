using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Tideline.Kernel;

/// <summary>
/// The clock that stamps commits. It follows the system clock while that agrees with the monotonic clock, and otherwise
/// runs on the monotonic clock alone. Once it has read a database's clock, it follows the database and only checks the
/// system clock. It never goes back, except when a database corrects it for the first time. See docs/decisions/0022.
/// </summary>
public sealed partial class SteadyClock : TimeProvider
{
    private const long StepUs = Limits.ClockStepMs * 1_000L, SuspendUs = Limits.ClockSuspendMs * 1_000L;
    private readonly Lock _gate = new();
    private readonly TimeProvider _system;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, long> _strays = new(StringComparer.Ordinal);
    private State _state;
    private long _jumps;
    private bool _isWrong;

    /// <summary>Starts at the present time of a system clock.</summary>
    public SteadyClock(TimeProvider system, ILogger? logger = null)
    {
        (_system, _logger) = (system, logger ?? NullLogger.Instance);
        var start = new Reading(system.NowUs(), system.GetTimestamp());
        _state = new State(start, null, new Crest());
    }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => _system.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => _system.TimestampFrequency;

    /// <summary>How often the system clock was found to have jumped.</summary>
    public long Jumps => Interlocked.Read(ref _jumps);

    /// <summary>How far the system clock is ahead of this one, milliseconds; negative: behind.</summary>
    public double OffsetMs => Read().AheadUs / 1_000.0;

    /// <summary>What is wrong with the clocks, in a sentence; null while all agree.</summary>
    public string? Fault
    {
        get
        {
            var (_, aheadUs) = Read();
            if (Math.Abs(aheadUs) > StepUs)
            {
                return $"The system clock is {Distance(aheadUs)} the time that this process has measured, which stamps "
                    + "commits. Set the system clock right; if it is right, restart this process.";
            }

            foreach (var (database, strayUs) in _strays)
            {
                return $"MySQL's clock at {database} is {Distance(strayUs)} the time that this process has measured. "
                    + "Set the clock of that server right; if it is right, restart this process.";
            }

            return null;
        }
    }

    /// <summary>Returns the clock itself if it is a steady one, else a new steady clock on it.</summary>
    public static SteadyClock Of(TimeProvider time) => time as SteadyClock ?? new SteadyClock(time);

    /// <summary>Now, in microseconds.</summary>
    public long NowUs() => Read().NowUs;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Clock.FromUs(NowUs());

    /// <inheritdoc/>
    public override long GetTimestamp() => _system.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _system.CreateTimer(callback, state, dueTime, period);

    /// <summary>
    /// Compares the clocks periodically, so that an idle process notices a jump, until the timer is disposed.
    /// </summary>
    public ITimer Watch()
    {
        var period = TimeSpan.FromMilliseconds(Limits.ClockLookMs);
        return CreateTimer(static clock => ((SteadyClock)clock!).Read(), this, period, period);
    }

    /// <summary>Takes a reading of a database's clock.</summary>
    /// <param name="database">The database server.</param>
    /// <param name="us">The time it returned, microseconds.</param>
    /// <param name="askedAt">The timestamp before the query; the answer arrived now.</param>
    public void Hear(string database, long us, long askedAt)
    {
        var answeredAt = GetTimestamp();
        var heard = new Look(us, askedAt, answeredAt);
        lock (_gate)
        {
            var middle = new Reading(us, askedAt + (answeredAt - askedAt) / 2);
            if (_state.Database is not { } followed)
            {
                // Whoever read the clock before the correction, and is not done, must not lift the corrected time.
                var isWrong = Math.Abs(Ahead(heard, _state.Base)) > StepUs;
                _state = new State(middle, middle, isWrong ? new Crest() : _state.Crest);
                return;
            }

            var aheadUs = Ahead(heard, _state.Base);
            if (Math.Abs(aheadUs) <= StepUs)
            {
                // A reading that agrees within its round-trip time is no better than the present one.
                if (Ahead(heard, followed) != 0) followed = middle;
                _state = new State(IsOld(_state.Base, answeredAt) ? followed : _state.Base, followed, _state.Crest);
                if (_strays.TryRemove(database, out _)) DatabaseIsRight(_logger, database);
            }
            else if (aheadUs > 0 && aheadUs <= SuspendUs && Math.Abs(Ahead(LookAtSystem(), middle)) <= StepUs)
            {
                // Both clocks advanced while the monotonic one stood still: the machine was suspended.
                _state = new State(middle, middle, _state.Crest);
                _strays.Clear();
                Resumed(_logger, Distance(aheadUs));
            }
            else
            {
                if (!_strays.ContainsKey(database)) DatabaseIsWrong(_logger, database, Distance(aheadUs));
                _strays[database] = aheadUs;
            }
        }
    }

    private static string Distance(long us)
    {
        var span = TimeSpan.FromMicroseconds(Math.Abs((double)us));
        var size = span switch
        {
            { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:F1} days"),
            { TotalHours: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:F1} hours"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:F1} s"),
        };
        return size + (us > 0 ? " ahead of" : " behind");
    }

    // The time to stamp commits with, and how far the system clock is ahead of it.
    private (long NowUs, long AheadUs) Read()
    {
        var state = Volatile.Read(ref _state);
        var look = LookAtSystem();
        var steady = state.Database ?? state.Base;
        var aheadUs = Ahead(look, steady);
        var isWrong = Math.Abs(aheadUs) > StepUs;
        if (isWrong != Volatile.Read(ref _isWrong)) Note(isWrong, aheadUs);
        if (isWrong || state.Database is not null) return (state.Crest.Rise(AtUs(steady, look.Ended)), aheadUs);
        var renewed = new State(new Reading(look.Us, look.Ended), null, state.Crest);
        if (IsOld(state.Base, look.Ended)) Interlocked.CompareExchange(ref _state, renewed, state);
        return (state.Crest.Rise(look.Us), aheadUs);
    }

    private void Note(bool isWrong, long aheadUs)
    {
        lock (_gate)
        {
            if (isWrong == _isWrong) return;
            _isWrong = isWrong;
            if (isWrong) Interlocked.Increment(ref _jumps);
        }

        if (isWrong) SystemIsWrong(_logger, Distance(aheadUs));
        else SystemIsRight(_logger);
    }

    private Look LookAtSystem()
    {
        var began = GetTimestamp();
        var us = _system.NowUs();
        return new Look(us, began, GetTimestamp());
    }

    // Zero if the time fits some moment between the start and the end of the reading.
    private long Ahead(Look look, Reading steady)
    {
        var ahead = look.Us - AtUs(steady, look.Ended);
        if (ahead > 0) return ahead;
        var behind = look.Us - AtUs(steady, look.Began);
        return behind < 0 ? behind : 0;
    }

    private long AtUs(Reading reading, long timestamp) =>
        reading.Us + GetElapsedTime(reading.At, timestamp).Ticks / TimeSpan.TicksPerMicrosecond;

    private bool IsOld(Reading reading, long timestamp) =>
        GetElapsedTime(reading.At, timestamp).TotalMilliseconds >= Limits.ClockAnchorMs;

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The system clock jumped: it is {Distance} the measured time, which stamps commits.")]
    private static partial void SystemIsWrong(ILogger logger, string distance);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The system clock agrees with the measured time again.")]
    private static partial void SystemIsRight(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Error, Message = "MySQL's clock at {Database} jumped: it is {Distance} the measured time.")]
    private static partial void DatabaseIsWrong(ILogger logger, string database, string distance);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "MySQL's clock at {Database} agrees with the measured time again.")]
    private static partial void DatabaseIsRight(ILogger logger, string database);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The system clock and MySQL's are both {Distance} the measured time after a suspension; adopted.")]
    private static partial void Resumed(ILogger logger, string distance);

    // A time and the monotonic timestamp at which it held.
    private readonly record struct Reading(long Us, long At);

    // A time read between two timestamps.
    private readonly record struct Look(long Us, long Began, long Ended);

    // The baseline that clocks are compared with, and the database's clock, which is followed if there is one.
    private sealed record State(Reading Base, Reading? Database, Crest Crest);

    // The highest time that was read since the clock was corrected; below it no thread reads again.
    private sealed class Crest
    {
        private long _us;

        public long Rise(long us)
        {
            while (true)
            {
                var last = Interlocked.Read(ref _us);
                if (us <= last) return last;
                if (Interlocked.CompareExchange(ref _us, us, last) == last) return us;
            }
        }
    }
}
