using System.Diagnostics;
using System.Globalization;

namespace Tideline.Tools.Simulation;

/// <summary>
/// This program as a worker that runs simulations: its thread pool has one thread, so that everything in it runs one
/// after another.
/// </summary>
internal static class SimulationProgram
{
    private const string Variable = "TIDELINE_SIMULATION";

    /// <summary>Whether this process is such a worker.</summary>
    public static bool IsWorker => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Starts this program again, as a worker.</summary>
    /// <param name="workers">How many workers there are.</param>
    /// <param name="arguments">The arguments.</param>
    public static Process Start(int workers, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true, UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(typeof(SimulationProgram).Assembly.Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment[Variable] = workers.ToString(CultureInfo.InvariantCulture);
        start.Environment["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1";
        start.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
        // Several workers share the machine.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_GCgen0size"] = "4000000";
        return Process.Start(start) ?? throw new InvalidOperationException("The worker could not be started.");
    }

    /// <summary>How many workers there are, this one included.</summary>
    public static int Workers => int.Parse(Environment.GetEnvironmentVariable(Variable)!, CultureInfo.InvariantCulture);

    /// <exception cref="SimulationException">The thread pool has more than one thread.</exception>
    public static void RequireOneThread()
    {
        ThreadPool.GetMaxThreads(out var threads, out _);
        if (threads != 1) throw new SimulationException($"The thread pool has {threads} threads.");
    }
}
