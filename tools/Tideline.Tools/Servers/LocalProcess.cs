using System.Diagnostics;
using System.Runtime.InteropServices;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// A process of this machine that signals reach, whether this program started it or an earlier one did.
/// </summary>
internal sealed partial class LocalProcess(ProcessIdentity identity)
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;
    private const int Sigcont = 18;
    private const int Sigstop = 19;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PauseLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    public ProcessIdentity Identity { get; } = identity;

    public bool IsAlive => Identity.IsAlive;

    /// <summary>
    /// Starts a program in a session of its own: neither Ctrl-C in the terminal nor the end of this program ends it.
    /// </summary>
    /// <param name="command">The program; each step on the way to it is an exec, so the process keeps its
    /// number.</param>
    /// <param name="logFile">Where its output is appended.</param>
    /// <exception cref="TidelineException">StorageUnavailable: it ended at once. NotFound: this machine cannot start
    /// it.</exception>
    public static LocalProcess Start(ServerCommand command, string logFile)
    {
        using var process = command.Start("setsid", ["sh", "-c",
            """exec "$@" </dev/null >>"$0" 2>&1""", logFile, command.Program, .. command.Arguments], redirect: false);
        try
        {
            return new LocalProcess(ProcessIdentity.Of(process));
        }
        catch (InvalidOperationException fault)
        {
            throw new TidelineException(
                ErrorCode.StorageUnavailable, $"{command.Program} ended at once; {logFile} says why.", fault);
        }
    }

    /// <summary>
    /// SIGSTOP, and waits until each of its threads has stopped: it holds its connections and does nothing.
    /// </summary>
    /// <exception cref="TidelineException">StorageUnavailable: a thread runs on.</exception>
    public void Pause()
    {
        Send(Sigstop);
        if (!SpinWait.SpinUntil(() => !IsAlive || IsStopped(), PauseLimit))
            throw new TidelineException(ErrorCode.StorageUnavailable,
                $"Process {Identity.Id} still runs {PauseLimit.TotalSeconds:0} s after SIGSTOP.");
    }

    /// <summary>SIGCONT: it goes on.</summary>
    public void Continue() => Send(Sigcont);

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Send(Sigkill);
        if (!await IsGoneAsync(KillLimit)) throw new TidelineException(ErrorCode.StorageUnavailable,
            $"Process {Identity.Id} is still there {KillLimit.TotalSeconds:0} s after SIGKILL.");
    }

    /// <summary>SIGTERM, then SIGKILL when it has not ended in time. Answers whether it ended by itself.</summary>
    public async Task<bool> StopAsync(TimeSpan limit)
    {
        Send(Sigterm);
        // What is paused cannot hear the first signal.
        Send(Sigcont);
        if (await IsGoneAsync(limit)) return true;
        await KillAsync();
        return false;
    }

    private async Task<bool> IsGoneAsync(TimeSpan limit)
    {
        var begun = Stopwatch.GetTimestamp();
        while (IsAlive)
        {
            if (Stopwatch.GetElapsedTime(begun) > limit) return false;
            await Task.Delay(Poll, CancellationToken.None);
        }

        return true;
    }

    // The kernel answers kill before the threads have heard of it. The state of a thread follows its name, which may
    // hold anything.
    private bool IsStopped()
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{Identity.Id}/task").All(thread =>
                File.ReadAllText(Path.Combine(thread, "stat")) is var stat && stat[stat.LastIndexOf(')') + 2] == 'T');
        }
        catch (IOException)
        {
            // A thread ended meanwhile.
            return false;
        }
    }

    // A number that has come round names somebody else's process.
    private void Send(int signal)
    {
        if (IsAlive) _ = Signal(Identity.Id, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}
