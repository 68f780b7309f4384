using Microsoft.Extensions.Logging;

namespace Tideline.Kernel;

/// <summary>
/// A part that works in the background: pass after pass until it is disposed. A pass that throws is the part's fault
/// until one succeeds, and the next pass follows after a rest: only disposal ends the loop. A pass that takes too long
/// is a fault, too.
/// </summary>
public sealed partial class BackgroundLoop : IAsyncDisposable
{
    private static readonly TimeSpan FaultRest = TimeSpan.FromMilliseconds(Limits.LoopFaultRestMs);
    private readonly string _name;
    private readonly Func<CancellationToken, Task> _pass;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _stall;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task? _loop;
    private string? _fault;
    private long _movedAt;
    private int _disposed;

    /// <param name="name">The part as operators read it: "relay", "aging of customers".</param>
    /// <param name="pass">One pass; the token ends with the loop.</param>
    /// <param name="interval">The rest between two passes; none where the pass itself waits for work.</param>
    /// <param name="time">The clock of rests and heartbeats.</param>
    /// <param name="logger">Where the first of a row of equal faults is logged, and the end of the row.</param>
    /// <param name="stallMs">How long one pass may take, or be without <see cref="Beat"/>, before the part counts as
    /// standing still.</param>
    public BackgroundLoop(
        string name, Func<CancellationToken, Task> pass, TimeSpan interval, TimeProvider time, ILogger logger,
            int stallMs = Limits.LoopStallMs)
    {
        (_name, _pass, _interval, _time, _logger) = (name, pass, interval, time, logger);
        _stall = interval + TimeSpan.FromMilliseconds(stallMs);
        _movedAt = time.GetTimestamp();
    }

    /// <summary>Why the part does not do its work, in a sentence; null while all is well, or before the
    /// start.</summary>
    public string? Fault
    {
        get
        {
            if (_loop is null || _stop.IsCancellationRequested) return null;
            var end = _loop.Exception?.GetBaseException().Message;
            if (_loop.IsCompleted) return $"The {_name} has ended: {end} Restart the process.";
            if (Volatile.Read(ref _fault) is { } fault) return $"The {_name} fails and is tried again: {fault}";
            var silent = _time.GetElapsedTime(Interlocked.Read(ref _movedAt));
            return silent <= _stall ? null : $"The {_name} has stood still for {silent.TotalSeconds:0} s.";
        }
    }

    /// <summary>Begins the first pass.</summary>
    public void Start()
    {
        Beat();
        _loop = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>A long pass says that it moves. What failed before is well again only when a pass ends.</summary>
    public void Beat() => Interlocked.Exchange(ref _movedAt, _time.GetTimestamp());

    /// <summary>Cancels the pass under way and returns when it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stop.CancelAsync();
        if (_loop is not null) await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var rest = _interval;
            try
            {
                await _pass(_stop.Token);
                if (Interlocked.Exchange(ref _fault, null) is not null) Recovered(_logger, _name);
            }
            // The loop's own end. Any other cancellation is a fault like others.
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                if (Interlocked.Exchange(ref _fault, fault.Message) != fault.Message) PassFailed(_logger, _name, fault);
                // Sooner than after a success where passes are rare: a fault must not show for longer than it lasts.
                rest = FaultRest;
            }

            Beat();
            if (rest > TimeSpan.Zero) await Task.Delay(rest, _time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The {Part} failed; it is tried again.")]
    private static partial void PassFailed(ILogger logger, string part, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Part} works again.")]
    private static partial void Recovered(ILogger logger, string part);
}
