using System.ComponentModel;
using System.Diagnostics;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>A program with its arguments and what it is to find in its environment.</summary>
internal sealed record ServerCommand(string Program, IReadOnlyList<string> Arguments)
{
    /// <summary>Variables that are added to this program's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Starts a program with these variables; the arguments are the caller's.</summary>
    /// <exception cref="TidelineException">NotFound: this machine does not have it.</exception>
    public Process Start(string program, IEnumerable<string> arguments, bool redirect)
    {
        var start = new ProcessStartInfo(program,
            arguments)
        { UseShellExecute = false, RedirectStandardOutput = redirect, RedirectStandardError = redirect };
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception fault)
        {
            throw new TidelineException(ErrorCode.NotFound, $"{program} cannot be run here: {fault.Message}.", fault);
        }
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>Its exit code, and what it printed on both streams.</returns>
    /// <exception cref="TidelineException">StorageUnavailable: it did not end in time, and was killed. NotFound: this
    /// machine does not have it.</exception>
    public async Task<(int ExitCode, string Output, string Errors)> RunAsync(TimeSpan limit, CancellationToken cancel)
    {
        using var process = Start(Program, Arguments, redirect: true);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(limit);
        try
        {
            var (output, errors) =
                (process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            cancel.ThrowIfCancellationRequested();
            throw new TidelineException(ErrorCode.StorageUnavailable,
                $"{Program} {string.Join(' ', Arguments)} did not end within {limit.TotalSeconds:0} s.");
        }
    }
}
