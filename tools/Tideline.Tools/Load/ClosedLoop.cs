using System.Diagnostics;
using Tideline.Tools.Figures;

namespace Tideline.Tools.Load;

/// <summary>Load by a number of clients, each of which sends its next request when the last one was answered.</summary>
internal static class ClosedLoop
{
    /// <summary>
    /// Runs <paramref name="once"/> on each of <paramref name="clients"/> again and again, and measures every run. With
    /// <paramref name="perSecond"/> they keep to that rate together, as long as the answers come quickly enough. What
    /// happens during <see cref="LoadTime.WarmUp"/> is not counted.
    /// </summary>
    /// <exception cref="TimeoutException">None of them ended while it was measured: zero is no figure.</exception>
    public static async Task<LoopResult> RunAsync(
        int clients, LoadTime time, Func<int, Task> once, CancellationToken cancel, double? perSecond = null)
    {
        var started = Stopwatch.GetTimestamp();
        var parts = await Task.WhenAll(
            Enumerable.Range(0, clients).Select(client => Task.Run(() => LoopAsync(client), cancel)));
        var latencies = Latencies.Merge(parts);
        if (latencies.Count == 0) throw new TimeoutException($"Nothing that began in the "
            + $"{time.Measured.TotalSeconds:0.#} s that were measured ended: measure for longer, or with less load.");
        return new LoopResult(latencies, Stopwatch.GetElapsedTime(started) - time.WarmUp);

        async Task<Latencies> LoopAsync(int client)
        {
            var latencies = new Latencies();
            var (due, step) = (started, perSecond is { } asked ? (long)(clients * Stopwatch.Frequency / asked) : 0);
            // One after the other from the beginning: all at once would come in waves.
            if (step > 0) await PauseAsync(due += step * client / clients);
            while (Stopwatch.GetElapsedTime(started) < time.WarmUp + time.Measured)
            {
                cancel.ThrowIfCancellationRequested();
                var before = Stopwatch.GetTimestamp();
                await once(client);
                if (Stopwatch.GetElapsedTime(started, before) >= time.WarmUp) latencies.Add(before);
                if (step > 0) await PauseAsync(due += step);
            }

            return latencies;
        }

        Task PauseAsync(long until) => Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), until) is { Ticks: > 0 } pause
            ? Task.Delay(pause, cancel)
            : Task.CompletedTask;
    }
}

/// <summary>How many runs there were and how long each took.</summary>
internal sealed record LoopResult(Latencies Latencies, TimeSpan Elapsed)
{
    public double PerSecond => Latencies.Count / Elapsed.TotalSeconds;
}

/// <summary>How long a load runs: first until the program is compiled for it, then measured.</summary>
internal readonly record struct LoadTime(TimeSpan WarmUp, TimeSpan Measured)
{
    /// <summary>Measured from the first request on.</summary>
    public static implicit operator LoadTime(TimeSpan measured) => new(TimeSpan.Zero, measured);
}
