using System.Diagnostics;
using System.Net.Sockets;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>
/// A real server in a process of its own, on ports of loopback, with its data in a folder. It can be killed, paused,
/// ended and started again on the same ports and data. A subclass prepares the folder once and says how the server is
/// started and asked.
/// </summary>
internal abstract class LocalServer : IAsyncDisposable
{
    private const int LogLines = 20;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private LocalProcess? _process;

    protected LocalServer(string name, string folder, IReadOnlyList<int> ports)
    {
        (Name, Folder, Ports) = (name, Path.GetFullPath(folder), ports);
        MakePrivate(Folder);
    }

    /// <summary>As in <c>MySQL</c>.</summary>
    public string Name { get; }

    public string Folder { get; }

    /// <summary>The port of the clients first.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <summary>What a driver takes to connect.</summary>
    public abstract string Address { get; }

    /// <summary>Name and version as it gave them when it was last asked; empty before.</summary>
    public string Version { get; private set; } = "";

    /// <summary>The process of the last start.</summary>
    /// <exception cref="InvalidOperationException">It was never started.</exception>
    public LocalProcess Process => _process ?? throw new InvalidOperationException($"{Name} was not started.");

    public string LogFile => Path.Combine(Folder, "server.log");

    protected abstract ServerCommand Command { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it ended, or did not answer in time; with its last
    /// words.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        Launch();
        await WaitReadyAsync(cancel);
    }

    /// <summary>Starts the process; <see cref="WaitReadyAsync"/> tells when it answers.</summary>
    public void Launch()
    {
        if (_process is { IsAlive: true }) throw new InvalidOperationException($"{Name} runs already.");
        _process = LocalProcess.Start(Command, LogFile);
    }

    /// <summary>Waits until it answers.</summary>
    /// <exception cref="TidelineException">StorageUnavailable: it ended, or did not answer in time; with its last
    /// words.</exception>
    public async Task WaitReadyAsync(CancellationToken cancel)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Process.IsAlive)
        {
            var fault = await AskAsync(cancel);
            if (fault is null) return;
            if (Stopwatch.GetElapsedTime(begun) > StartLimit)
                throw NotReady($"did not answer within {StartLimit.TotalSeconds:0} s ({fault.Message})", fault);
            await Task.Delay(Poll, cancel);
        }

        throw NotReady("ended before it answered", null);
    }

    /// <summary>SIGKILL, as a crash: what it had not written to the system is gone.</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <summary>SIGSTOP: it holds its connections and answers nobody.</summary>
    public void Pause() => Process.Pause();

    /// <summary>SIGCONT after <see cref="Pause"/>.</summary>
    public void Continue() => Process.Continue();

    /// <summary>SIGTERM; SIGKILL when it does not end in time. Answers whether it ended by itself.</summary>
    public Task<bool> StopAsync(TimeSpan limit) => Process.StopAsync(limit);

    /// <summary>Gives the process away: it runs on when this is disposed.</summary>
    public LocalProcess Leave()
    {
        var process = Process;
        _process = null;
        return process;
    }

    /// <summary>Makes a folder that only this user reads: the servers ask nobody for a password.</summary>
    public static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(
            folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Kills it if it runs. Its folder is the caller's.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.KillAsync();
    }

    /// <summary>Asks the server for its name and version: whoever can be asked is ready.</summary>
    protected abstract Task<string> AskVersionAsync(CancellationToken cancel);

    // The fault that kept it from answering; null when it answered.
    private async Task<Exception?> AskAsync(CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(AskLimit);
        try
        {
            // A driver is loud and slow where nobody listens yet.
            using var knock = new TcpClient();
            await knock.ConnectAsync("127.0.0.1", Ports[0], late.Token);
            Version = await AskVersionAsync(late.Token);
            return null;
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            return fault;
        }
    }

    private TidelineException NotReady(string what, Exception? fault)
    {
        var lines = File.Exists(LogFile) ? File.ReadLines(LogFile).TakeLast(LogLines) : [];
        return new TidelineException(
            ErrorCode.StorageUnavailable, $"{Name} {what}. The end of {LogFile}:\n{string.Join('\n', lines)}", fault);
    }
}
