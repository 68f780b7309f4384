using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
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
            if (options.Count is < 1 or > SimulateOptions.MostSeeds || options.Operations is < 1 or > MostOperations
                || options.First > MostSeed)
            {
                Console.Error.WriteLine($"--seeds must be 1 to {SimulateOptions.MostSeeds}, --operations 1 to "
                    + $"{MostOperations}, and --seed 0 to {MostSeed}.");
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
            : options.StopsAtFirst ? "stopped at a run that breaks a law." : "not every law held.";
        var seeds = options.Focus is { } focus ? $"seeds with the focus {focus}".ToLowerInvariant() : "seeds";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Count} {seeds} from {options.First} in {began.Elapsed.TotalSeconds:F0} s: {verdict}"));
        return ends.Max();
    }
}
