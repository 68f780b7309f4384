using System.Diagnostics;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;

namespace Tideline.Tools.Scenarios;

/// <summary>
/// Ten minutes of load on the real program (or as long as asked, if that is longer): memory must not grow after it is
/// warm.
/// </summary>
internal static class SoakScenario
{
    private const int Connections = 64, SampleSeconds = 5;
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);

    public static async Task<IReadOnlyList<Figure>> RunAsync(ScenarioContext context)
    {
        var options = context.Options;
        var duration = options.Duration > Shortest ? options.Duration : Shortest;
        await using var program = await RealProgram.StartAsync(context, options.Accounts ?? 10_000);
        var load = HttpLoad.SinglesAsync(
            program.Port, Connections, duration, program.Accounts.SameShardPair, 2, context.Cancel);
        var samples = await SampleAsync(program.Server, load, context.Cancel);
        var result = await load;

        // The first fifth warms up; then the first and the last fifth of what follows are compared.
        var warm = samples.Skip(samples.Count / 5).ToArray();
        var fifth = Math.Max(1, warm.Length / 5);
        var (early, late) = (warm.Take(fifth).Average(), warm.TakeLast(fifth).Average());
        return
        [
            new Figure("transfers during the soak", result.PerSecond, "transfers/s"),
            new Figure("resident memory at the end",
                late, "MiB", new Baseline("when warm", early), new Target(1.1, AtLeast: false, OfRatio: true)),
            new Figure("resident memory, most", samples.Max(), "MiB"),
        ];
    }

    private static async Task<List<double>> SampleAsync(ServerProcess server, Task load, CancellationToken cancel)
    {
        var samples = new List<double>();
        var next = Stopwatch.GetTimestamp();
        while (!load.IsCompleted)
        {
            samples.Add(server.ResidentMiB());
            next += SampleSeconds * Stopwatch.Frequency;
            var pause = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next);
            if (pause > TimeSpan.Zero) await Task.WhenAny(load, Task.Delay(pause, cancel));
        }

        return samples;
    }
}
