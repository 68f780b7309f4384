using Microsoft.Extensions.Logging;

namespace Tideline.Kernel;

/// <summary>
/// Runs a part in the background, pass after pass, until it is disposed. When a pass throws, the part reports that
/// fault until a pass succeeds; the next pass follows after a rest. A pass that takes too long is also a fault.
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

    /// <param name="name">The part's name, as shown to operators: "relay", "aging of customers".</param>
    /// <param name="pass">One pass; the token ends with the loop.</param>
    /// <param name="interval">The rest between two passes; zero if the pass itself waits for work.</param>
    /// <param name="time">The clock of rests and heartbeats.</param>
    /// <param name="logger">Logs the first of consecutive equal faults, and the recovery.</param>
    /// <param name="stallMs">How long a pass may run without a <see cref="Beat"/> before the part counts as stalled,
    /// milliseconds.</param>
    public BackgroundLoop(
        string name, Func<CancellationToken, Task> pass, TimeSpan interval, TimeProvider time, ILogger logger,
            int stallMs = Limits.LoopStallMs)
    {
        (_name, _pass, _interval, _time, _logger) = (name, pass, interval, time, logger);
        _stall = interval + TimeSpan.FromMilliseconds(stallMs);
        _movedAt = time.GetTimestamp();
    }

    /// <summary>Why the part does not work, in a sentence; null while it works and before the start.</summary>
    public string? Fault
    {
        get
        {
            if (_loop is null || _stop.IsCancellationRequested) return null;
            var end = _loop.Exception?.GetBaseException().Message;
            if (_loop.IsCompleted) return $"The {_name} has ended: {end} Restart the process.";
            if (Volatile.Read(ref _fault) is { } fault) return $"The {_name} keeps failing and is retried: {fault}";
            var silent = _time.GetElapsedTime(Interlocked.Read(ref _movedAt));
            return silent <= _stall ? null : $"The {_name} has made no progress for {silent.TotalSeconds:0} s.";
        }
    }

    /// <summary>Starts the first pass.</summary>
    public void Start()
    {
        Beat();
        _loop = Background.Run(RunAsync);
    }

    /// <summary>Reports progress within a long pass. An earlier fault is cleared only by a completed pass.</summary>
    public void Beat() => Interlocked.Exchange(ref _movedAt, _time.GetTimestamp());

    /// <summary>Cancels the present pass and returns when it has ended.</summary>
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
            // Cancelled by disposal. Any other cancellation is a fault like the rest.
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                if (Interlocked.Exchange(ref _fault, fault.Message) != fault.Message) PassFailed(_logger, _name, fault);
                // Where passes are rare, retry sooner than after a success: a fault must not show for longer than it
                // lasts.
                rest = FaultRest;
            }

            Beat();
            if (rest > TimeSpan.Zero) await Task.Delay(rest, _time, _stop.Token)
                .ConfigureAwait(Background.WhateverItsEnd);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The {Part} failed; retrying.")]
    private static partial void PassFailed(ILogger logger, string part, Exception fault);

    [LoggerMessage(Level = LogLevel.Information, Message = "The {Part} works again.")]
    private static partial void Recovered(ILogger logger, string part);
}
