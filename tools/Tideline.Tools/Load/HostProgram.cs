using System.Diagnostics;

namespace Tideline.Tools.Load;

/// <summary>The program as it is installed: the executable beside the running one, or the one that was named.</summary>
internal sealed record HostProgram(string FileName, IReadOnlyList<string> Prefix)
{
    /// <summary>What its environment says beside this process's own; null takes a variable away.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; init; } = new Dictionary<string, string?>();

    /// <summary>Finds the program.</summary>
    /// <param name="named">A path to the executable or its <c>.dll</c>; null looks beside the running assembly.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static HostProgram Find(string? named)
    {
        var candidates = named is not null ? [named] : (string[])[Path.Combine(
            AppContext.BaseDirectory, "Tideline.Host"), Path.Combine(AppContext.BaseDirectory, "Tideline.Host.dll")];
        var found = candidates.FirstOrDefault(File.Exists) ?? throw new FileNotFoundException(
            $"The program was not found at {string.Join(" or ", candidates)}; build src/Tideline.Host.");
        return found.EndsWith(".dll", StringComparison.Ordinal)
            ? new HostProgram(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [found])
            : new HostProgram(found, []);
    }

    /// <summary>How to start it with arguments; its output is piped.</summary>
    public ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(
            FileName)
        { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in Prefix.Concat(arguments)) start.ArgumentList.Add(argument);
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        return start;
    }

    /// <summary>Runs it to its end and answers its exit code and what it printed.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(IEnumerable<string> arguments, CancellationToken cancel)
    {
        using var process = Process.Start(Command(arguments))
            ?? throw new InvalidOperationException("The program could not be started.");
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var errors = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, await output + await errors);
    }
}
