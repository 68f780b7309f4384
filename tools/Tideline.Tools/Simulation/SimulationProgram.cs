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

    /// <summary>How to start this program, or another build of it, as a worker.</summary>
    /// <param name="workers">How many workers there are.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="program">The other build; null: this one.</param>
    public static ProcessStartInfo Command(int workers, IEnumerable<string> arguments, string? program = null)
    {
        var start = new ProcessStartInfo(program ?? Path.Combine(AppContext.BaseDirectory, "Tideline.Tools"))
        {
            RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment[Variable] = workers.ToString(CultureInfo.InvariantCulture);
        start.Environment["DOTNET_ThreadPool_ForceMinWorkerThreads"] = "1";
        start.Environment["DOTNET_ThreadPool_ForceMaxWorkerThreads"] = "1";
        // Several workers share the machine.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_GCgen0size"] = "4000000";
        return start;
    }

    /// <summary>How many workers there are, this one included.</summary>
    public static int Workers => int.Parse(Environment.GetEnvironmentVariable(Variable)!, CultureInfo.InvariantCulture);

    /// <summary>
    /// Ends this worker when whoever started it has ended, however: then its standard input, to which nobody writes,
    /// ends too.
    /// </summary>
    public static void EndWithStarter() => new Thread(static () =>
    {
        while (Console.In.Read() >= 0)
        {
        }

        Environment.Exit(1);
    })
    { IsBackground = true, Name = "starter" }.Start();

    /// <exception cref="SimulationException">The thread pool has more than one thread.</exception>
    public static void RequireOneThread()
    {
        ThreadPool.GetMaxThreads(out var threads, out _);
        if (threads != 1) throw new SimulationException($"The thread pool has {threads} threads.");
    }
}
