using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Node;

/// <summary>
/// A part that is opened in the background, with retries until it succeeds. Meanwhile the node accepts commands without
/// it.
/// </summary>
internal sealed partial class LatePart<T> : IAsyncDisposable
    where T : class, IAsyncDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(NodeLimits.OpenRetryMs);
    private readonly string _name;
    private readonly Func<CancellationToken, Task<T>> _open;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _loop;
    private volatile T? _value;
    private volatile TidelineException? _fault;

    public LatePart(string name, Func<CancellationToken, Task<T>> open, TimeProvider time, ILogger logger)
    {
        (_name, _open, _time, _logger) = (name, open, time, logger);
        _loop = Background.Run(OpenAsync);
    }

    /// <summary>Completes after the first attempt.</summary>
    public Task Tried => _tried.Task;

    /// <summary>The part; null until it is open.</summary>
    public T? Value => _value;

    /// <summary>Why it is not open; null when it is.</summary>
    public string? Fault => _value is not null ? null
        : $"The {_name} is not open yet and is retried: {_fault?.Message ?? "the first attempt is running."}";

    /// <summary>The part.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it is not open yet.</exception>
    public T Require() => _value ?? throw new TidelineException(ErrorCode.StorageUnavailable, Fault ?? _name, _fault);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_value is not null) await _value.DisposeAsync();
        _stop.Dispose();
    }

    private async Task OpenAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _value = await _open(_stop.Token);
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                if (_fault?.Message != fault.Message) NotOpened(_logger, _name, fault);
                _fault = fault as TidelineException ?? new TidelineException(ErrorCode.Internal, fault.Message, fault);
            }
            finally
            {
                _tried.TrySetResult();
            }

            await Task.Delay(Rest, _time, _stop.Token).ConfigureAwait(Background.WhateverItsEnd);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The {Part} could not be opened; retrying.")]
    private static partial void NotOpened(ILogger logger, string part, Exception fault);
}
