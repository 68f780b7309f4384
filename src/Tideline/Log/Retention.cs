using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Log;

/// <summary>Drops, from time to time, what is old and read by every group.</summary>
public sealed class Retention(ILog log, TimeSpan keep, TimeProvider time, ILogger<Retention> logger) : IAsyncDisposable
{
    private readonly BackgroundLoop _loop = new(
        "retention of the log", async cancel => await log.TrimAsync(time.GetUtcNow() - keep, cancel),
        TimeSpan.FromMilliseconds(LogLimits.RetentionIntervalMs), time, logger, Limits.LongPassMs);

    /// <summary>What keeps records from being dropped; null while nothing does.</summary>
    public string? Fault => _loop.Fault;

    /// <summary>Starts the loop.</summary>
    public void Start() => _loop.Start();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();
}
