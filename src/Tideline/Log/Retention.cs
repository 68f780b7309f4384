using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Log;

/// <summary>Drops, from time to time, what is old and read by every group.</summary>
public sealed partial class Retention(ILog log, TimeSpan keep, TimeProvider time, ILogger<Retention> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(Limits.RetentionIntervalMs);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Starts the loop.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Interval, time, _stop.Token);
                await log.TrimAsync(time.GetUtcNow() - keep, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (TidelineException fault)
            {
                TrimFailed(logger, fault);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old records could not be dropped; it is tried again.")]
    private static partial void TrimFailed(ILogger logger, Exception fault);
}
