using System.Globalization;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Opponent;

/// <summary>Runs seeds one after another, in a process of its own.</summary>
internal static class SimulationWorker
{
    /// <summary>Runs seeds and prints what broke a law.</summary>
    /// <returns>0 when every law held, 1 when one did not.</returns>
    public static async Task<int> RunAsync(SimulateOptions options)
    {
        SimulationProgram.RequireOneThread();
        SimulationProgram.EndWithStarter();
        SimulatedRun.SweepFolders();
        var failed = 0;
        var seed = options.First;
        using var watch = new RunWatch();
        for (var run = 0; run < options.Count; run++, seed += (ulong)SimulationProgram.Workers)
        {
            var plan = RunPlan.Of(seed, options.Operations);
            while (options.Focus is { } focus && plan.Focus != focus)
                plan = RunPlan.Of(seed += (ulong)SimulationProgram.Workers, options.Operations);
            watch.Begin(plan);
            var result = await SimulatedRun.RunAsync(plan);
            watch.End();
            if (options.IsHistoryPrinted) PrintHistory(result);
            if (options.IsHistoryPrinted || !result.Ok) Print(result);
            if (result.Ok) continue;
            failed++;
            if (failed == 1 && options.Shortens) await PrintShortestAsync(result);
            if (options.StopsAtFirst) break;
        }

        return failed == 0 ? 0 : 1;
    }

    private static async Task PrintShortestAsync(RunResult result)
    {
        var shortest = await new Shortener(SimulatedRun.RunAsync).ShortenAsync(result);
        Console.WriteLine("The shortest history that was found:");
        PrintHistory(shortest);
        Print(shortest);
    }

    private static void PrintHistory(RunResult result)
    {
        foreach (var line in result.Log.Lines()) Console.WriteLine(line);
    }

    private static void Print(RunResult result)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Plan}; {result.Steps} steps, {result.VirtualSeconds:F0} virtual seconds, trace "
            + $"{result.Trace:x16}: {(result.Ok ? "every law held" : $"{result.Violations.All.Count} violations")}"));
        foreach (var violation in result.Violations.All.Take(10))
        {
            Console.WriteLine($"  {violation}");
            foreach (var operation in violation.Operations) Console.WriteLine($"    {operation}");
        }
    }
}
