using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Tideline.Kernel;
using Tideline.Tools.Mutants;
using Tideline.Tools.Opponent;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Commands;

/// <summary><c>tideline simulate</c>: whole installations on virtual time, disturbed as a seed says.</summary>
internal static class SimulateCommand
{
    private const int MostOperations = 5_000;

    // Numbers are drawn from products with it.
    private const ulong MostSeed = 1_000_000_000_000;

    public static Command Build()
    {
        var seed = new Option<ulong>("--seed") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
        var seeds = new Option<int>("--seeds")
        {
            Description = "How many seeds, one run each.", DefaultValueFactory = _ => 100,
        };
        var operations = new Option<int>("--operations")
        {
            Description = "Operations of each run.", DefaultValueFactory = _ => SimulateOptions.UsualOperations,
        };
        var focus = new Option<RunFocus?>("--focus")
        {
            Description = "Only seeds whose runs do far more of one thing: "
                + string.Join(", ", Enum.GetNames<RunFocus>()).ToLowerInvariant() + ".",
            CustomParser = ParseFocus,
        };
        var history = new Option<bool>("--history") { Description = "Print the whole history of each run." };
        var whole = new Option<bool>("--whole") { Description = "Do not shorten a history that breaks a law." };
        var stop = new Option<bool>("--stop") { Description = "Stop at the first run that breaks a law." };
        var command = new Command(
            "simulate",
            "Run whole installations on virtual time while everything that can go wrong does, and check each answer "
            + "against a model of the bank.") { seed, seeds, operations, focus, history, whole, stop };
        command.SetAction((parsed, cancel) =>
        {
            var options = new SimulateOptions(
                parsed.GetValue(seed), parsed.GetValue(seeds), parsed.GetValue(operations), parsed.GetValue(focus),
                parsed.GetValue(history), !parsed.GetValue(whole), parsed.GetValue(stop));
            var why = options.Count is < 1 or > SimulateOptions.MostSeeds
                ? $"--seeds must be 1 to {SimulateOptions.MostSeeds}, not {options.Count}."
                : options.Operations is < 1 or > MostOperations
                    ? $"--operations must be 1 to {MostOperations}, not {options.Operations}."
                : options.First > MostSeed ? $"--seed must be 0 to {MostSeed}, not {options.First}."
                : MutantTree.WhyNotPlanted();
            if (why is not null)
            {
                Console.Error.WriteLine($"tideline: {why}");
                return Task.FromResult(2);
            }

            return SimulationProgram.IsWorker ? SimulationWorker.RunAsync(options) : RunAsync(options, cancel);
        });
        return command;
    }

    private static RunFocus? ParseFocus(ArgumentResult result)
    {
        var name = result.Tokens[0].Value;
        if (Array.Find(Enum.GetNames<RunFocus>(), known => known.Equals(name, StringComparison.OrdinalIgnoreCase))
            is { } focus) return Enum.Parse<RunFocus>(focus);
        result.AddError($"There is no focus '{name}'; the focuses are: "
            + $"{string.Join(", ", Enum.GetNames<RunFocus>()).ToLowerInvariant()}.");
        return null;
    }

    private static async Task<int> RunAsync(SimulateOptions options, CancellationToken cancel)
    {
        var began = Stopwatch.StartNew();
        // Twice as many as processors: a worker often waits for one of its threads.
        var workers = Math.Min(2 * Environment.ProcessorCount, options.Count);
        // With --stop, the first worker that finds something ends the others.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ends = await Task.WhenAll(Enumerable.Range(0, workers).Select(async worker =>
        {
            using var process = Process.Start(
                SimulationProgram.Command(workers, options.ArgumentsOf(worker, workers)))!;
            try
            {
                while (await process.StandardOutput.ReadLineAsync(over.Token) is { } line) Console.WriteLine(line);
                await process.WaitForExitAsync(over.Token);
                if (options.StopsAtFirst && process.ExitCode != 0) await over.CancelAsync();
                return process.ExitCode;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return 0;
            }
            finally
            {
                if (!process.HasExited) process.Kill();
            }
        }));
        var verdict = ends.All(end => end == 0) ? "every law held."
            : ends.Any(end => end is not (0 or 1)) ? "a run could not be made."
            : options.StopsAtFirst ? "stopped at a run that breaks a law." : "not every law held.";
        var focused = options.Focus is { } focus ? $" with the focus {focus}".ToLowerInvariant() : "";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Counted.Of(options.Count, "seed")}{focused} from {options.First} in {began.Elapsed.TotalSeconds:F0} s: "
            + $"{verdict}"));
        return ends.Max();
    }
}
