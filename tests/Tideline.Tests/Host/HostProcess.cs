using System.Diagnostics;

namespace Tideline.Tests.Host;

/// <summary>The program as its own process, the way a user or a script meets it.</summary>
internal static class HostProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static ProcessStartInfo Command(params string[] arguments)
    {
        // As the launcher does.
        var isTool = arguments is ["bench" or "drill" or "services" or "engines", ..];
        var program = isTool ? "Tideline.Tools" : "Tideline.Host";
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, program))
        { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    /// <summary>Runs a command to its end.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        RunAsync(Command(arguments));

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(ProcessStartInfo command)
    {
        using var process = Process.Start(command)!;
        using var late = new CancellationTokenSource(Limit);
        var (output, errors) =
            (process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        return (process.ExitCode, await output, await errors);
    }
}
