using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tideline.Tests.Gateway;

/// <summary>Keeps what is logged from the level of warnings on.</summary>
internal sealed class KeptLogs : ILoggerProvider, ILoggerFactory, ILogger
{
    public ConcurrentQueue<string> Warnings { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState,
        Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Warnings.Enqueue($"{formatter(state, exception)} {exception}");
    }

    public void AddProvider(ILoggerProvider provider)
    {
        // It is the only one.
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
