using System.Diagnostics;

namespace Tideline.Kernel;

/// <summary>
/// Named points at which <c>drill crash</c> ends the process as kill -9 would. Off unless the environment names one:
/// <c>TIDELINE_CRASH_AT=name:count</c> ends it the count-th time that point is passed.
/// </summary>
public static class CrashPoint
{
    /// <summary>All points, so that a drill can visit each.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "commit.before", "commit.after",
        "saga.start.before",
        "saga.start.after", "saga.credit.before", "saga.credit.after", "saga.reply.before", "saga.reply.after",
        "saga.compensate.before", "saga.compensate.after",
        "relay.append.before", "relay.append.after",
        "projection.write.before",
        "projection.write.after", "offset.commit.before", "offset.commit.after",
    ];

    private static readonly (
        string? Name, int Count) Armed = Parse(Environment.GetEnvironmentVariable("TIDELINE_CRASH_AT"));
    private static int _passed;

    /// <summary>Whether the environment names a point.</summary>
    public static bool IsArmed => Armed.Name is not null;

    /// <summary>Passes a point. If the environment names this point, the process ends here.</summary>
    public static void Pass(string name)
    {
        if (Armed.Name is null || !string.Equals(Armed.Name, name, StringComparison.Ordinal)) return;
        if (Interlocked.Increment(ref _passed) < Armed.Count) return;
        // SIGKILL to itself: no finalizers and no flush, as in a power failure.
        Process.GetCurrentProcess().Kill();
        Environment.FailFast(name);
    }

    private static (string?, int) Parse(string? text)
    {
        if (string.IsNullOrEmpty(text)) return (null, 0);
        var parts = text.Split(':');
        return (parts[0], parts.Length > 1 && int.TryParse(parts[1], out var count) ? count : 1);
    }
}
