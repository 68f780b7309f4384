using System.Diagnostics;
using System.Globalization;
using Tideline.Tools.Opponent;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Mutants;

/// <summary>Lets the simulation hunt planted bugs, and prints the table.</summary>
/// <param name="seeds">The runs that each bug may take.</param>
internal sealed class MutantHunt(int seeds)
{
    private const int ControlRuns = 20;

    /// <summary>Hunts the named bugs; if none is named, those that must be found.</summary>
    /// <returns>0 when each was found, 1 when one was not, 2 when the hunt could not begin.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> names, CancellationToken cancel)
    {
        if (seeds is < 1 or > SimulateOptions.MostSeeds)
        {
            await Console.Error.WriteLineAsync($"--seeds must be 1 to {SimulateOptions.MostSeeds}, not {seeds}.");
            return 2;
        }

        if (names.FirstOrDefault(name => MutantCatalogue.All.All(mutant => mutant.Name != name)) is { } unknown)
        {
            await Console.Error.WriteLineAsync(
                $"There is no planted bug '{unknown}'. ./tideline mutants --list names them.");
            return 2;
        }

        if (FindRoot() is not { } root)
        {
            await Console.Error.WriteLineAsync("The bugs are planted in the source, and there is no source tree here: "
                + "run ./tideline mutants in a clone.");
            return 2;
        }

        var target = Path.Combine(root, "artifacts", "mutants");
        using var claim = Claim(target);
        if (claim is not null) return await HuntAllAsync(root, target, names, cancel);
        await Console.Error.WriteLineAsync(
            $"Another ./tideline mutants works in {target}; wait until it has ended.");
        return 2;
    }

    private async Task<int> HuntAllAsync(
        string root, string target, IReadOnlyList<string> names, CancellationToken cancel)
    {
        if (await BuildAsync(root, target, cancel) is not { } program) return 2;
        Console.WriteLine($"Running the copy without a bug, {ControlRuns} runs…");
        // What breaks a law by itself would count as every bug.
        var control = await HuntAsync(program, "", RunFocus.None, ControlRuns, cancel);
        if (control.Seed is not null || control.Sentence.Length > 0)
        {
            await Console.Error.WriteLineAsync(control.Seed is null ? $"The simulation does not run: {control.Sentence}"
                : $"The program breaks a law without any planted bug: {control}");
            return 2;
        }

        var hunted = MutantCatalogue.All.Where(mutant =>
            names.Count == 0 ? mutant.NotFoundYet is null : names.Contains(mutant.Name)).ToList();
        var began = Stopwatch.StartNew();
        var found = new List<(Mutant Mutant, Catch Catch)>();
        using var gate = new SemaphoreSlim(2 * Environment.ProcessorCount);
        await Task.WhenAll(hunted.Select(async mutant =>
        {
            await gate.WaitAsync(cancel);
            try
            {
                var caught = await HuntAsync(program, mutant.Name, mutant.Focus, seeds, cancel);
                lock (found)
                {
                    found.Add((mutant, caught));
                    var known = caught.Seed is null && mutant.NotFoundYet is { } why ? $" (not found yet: {why})" : "";
                    var focus = $"{mutant.Focus}".ToLowerInvariant();
                    Console.WriteLine($"{mutant.Name,-36} {mutant.Laws,-14} {focus,-9} {caught}{known}");
                }
            }
            finally
            {
                gate.Release();
            }
        }));
        var missed = found.Where(each => each.Catch.Seed is null).Select(each => each.Mutant.Name).Order().ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{found.Count - missed.Count} of {found.Count} planted bugs were found within {seeds} runs each, in "
            + $"{began.Elapsed.TotalSeconds:F0} s."));
        if (missed.Count > 0) Console.WriteLine($"Not found: {string.Join(", ", missed)}");
        if (found.Find(each => each.Catch.Seed is not null) is { Mutant: { } seen } first)
        {
            Console.WriteLine(
                $"To see such a run: {MutantTree.Variable}={seen.Name} {Path.GetRelativePath(".", program)} simulate "
                + $"--seed {first.Catch.Seed} --seeds 1");
        }

        foreach (var mutant in MutantCatalogue.All.Except(hunted).Where(mutant => names.Count == 0))
            Console.WriteLine($"{mutant.Name,-36} {mutant.Laws,-14} not found yet: {mutant.NotFoundYet}");
        return missed.Count == 0 ? 0 : 1;
    }

    private static string? FindRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Tideline.slnx"))) root = root.Parent;
        return root?.FullName;
    }

    // Until it is disposed: two would write over each other's copy. Null: another process has it.
    private static FileStream? Claim(string target)
    {
        try
        {
            return new FileStream(
                Path.Combine(Directory.CreateDirectory(target).FullName, ".lock"), FileMode.OpenOrCreate,
                FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task<string?> BuildAsync(string root, string target, CancellationToken cancel)
    {
        Console.WriteLine($"Building a copy with the bugs in {target}…");
        var tree = MutantTree.Write(root, target);
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true, UseShellExecute = false,
            ArgumentList =
            {
                "build", Path.Combine(tree, "tools", "Tideline.Tools"), "-c", "Release", "-v", "q", "--nologo",
                "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false",
            },
        };
        using var build = Process.Start(start)!;
        var output = await build.StandardOutput.ReadToEndAsync(cancel);
        await build.WaitForExitAsync(cancel);
        if (build.ExitCode == 0)
            return Path.Combine(tree, "artifacts", "bin", "Tideline.Tools", "release", "Tideline.Tools");
        await Console.Error.WriteLineAsync($"The copy with the bugs does not build: {output}");
        return null;
    }

    private static async Task<Catch> HuntAsync(
        string program, string name, RunFocus focus, int runs, CancellationToken cancel)
    {
        var options = new SimulateOptions(
            First: 1, runs, SimulateOptions.UsualOperations, focus == RunFocus.None ? null : focus,
            IsHistoryPrinted: false, Shortens: false, StopsAtFirst: true);
        var start = SimulationProgram.Command(1, options.ArgumentsOf(0, 1), program);
        start.Environment[MutantTree.Variable] = name;
        start.RedirectStandardError = true;
        using var hunt = Process.Start(start)!;
        try
        {
            var output = hunt.StandardOutput.ReadToEndAsync(cancel);
            var errors = hunt.StandardError.ReadToEndAsync(cancel);
            await hunt.WaitForExitAsync(cancel);
            return Catch.Of(focus, hunt.ExitCode, await output, await errors);
        }
        finally
        {
            if (!hunt.HasExited) hunt.Kill();
        }
    }

    // What the simulation said of a bug: the seed that showed it, or null, and how many runs it took.
    private sealed record Catch(int? Seed, int Runs, string Sentence)
    {
        public static Catch Of(RunFocus focus, int exitCode, string output, string errors)
        {
            var lines = output.Split('\n');
            var run = Array.FindIndex(lines, line => line.StartsWith("seed ", StringComparison.Ordinal));
            if (run >= 0)
            {
                var seed = int.Parse(lines[run][5..lines[run].IndexOf(':')], CultureInfo.InvariantCulture);
                var runs = Enumerable.Range(1, seed).Count(each => focus == RunFocus.None
                    || RunPlan.Of((ulong)each, SimulateOptions.UsualOperations).Focus == focus);
                return new Catch(seed, runs, lines[run + 1].Trim());
            }

            return exitCode == 0 && errors.Length == 0 ? new Catch(null, 0, "")
                // A worker that fails has found nothing.
                : new Catch(null, 0, $"the worker ended with {exitCode}. {errors.Trim().Split('\n')[0]}".Trim());
        }

        public override string ToString() =>
            Seed is null ? $"NOT FOUND {Sentence}".TrimEnd()
                : $"seed {Seed,-4} run {Runs,-3} {(Sentence.Length > 90 ? Sentence[..90] : Sentence)}";
    }
}
