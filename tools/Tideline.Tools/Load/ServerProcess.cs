using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tideline.Tools.Load;

/// <summary>The real program, running as its own process on a loopback port, to be killed or ended.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private const int Sigterm = 15, Sigstop = 19, Sigcont = 18;
    private const int KeptLines = 40;
    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private bool _isDisposed;

    private ServerProcess(Process process, int port)
    {
        (_process, Port) = (process, port);
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Port { get; }

    public bool HasExited => _process.HasExited;

    public int Id => _process.Id;

    /// <summary>The last lines it printed.</summary>
    public string LastWords
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>Starts it; <see cref="WaitReadyAsync"/> tells when it answers.</summary>
    /// <param name="program">The program.</param>
    /// <param name="installation">What it runs on.</param>
    /// <param name="port">Its port.</param>
    /// <param name="crashAt">The point at which it kills itself; null: none.</param>
    /// <param name="dataFolder">Its data folder; null: that of the installation.</param>
    /// <param name="variables">What its environment says beside what the installation says.</param>
    public static ServerProcess Start(
        HostProgram program, Installation installation, int port, string? crashAt = null, string? dataFolder = null,
        IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = (program with { Variables = installation.Variables }).Command(
            ["up", "--data", dataFolder ?? installation.DataFolder, "--port", port.ToString(
                CultureInfo.InvariantCulture), "--shards", installation.Shards.ToString(CultureInfo.InvariantCulture)]);
        foreach (var (name, value) in variables ?? new Dictionary<string, string>()) start.Environment[name] = value;
        if (crashAt is not null) start.Environment["TIDELINE_CRASH_AT"] = crashAt;
        return new ServerProcess(
            Process.Start(start) ?? throw new InvalidOperationException("The program could not be started."), port);
    }

    /// <summary>Waits for the first answer of <c>/health/ready</c> that says yes.</summary>
    /// <returns>The time since the process was started; null when it ended before it answered.</returns>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    public Task<TimeSpan?> WaitReadyAsync(TimeSpan limit, CancellationToken cancel) =>
        WaitAsync("/health/ready", limit, cancel);

    /// <summary>SIGSTOP: it stands still, with everything that it holds.</summary>
    public void Pause() => _ = Signal(_process.Id, Sigstop);

    /// <summary>SIGCONT: it goes on.</summary>
    public void Continue() => _ = Signal(_process.Id, Sigcont);

    private async Task<TimeSpan?> WaitAsync(string path, TimeSpan limit, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (!_process.HasExited)
        {
            if (await IsOkAsync(path, cancel)) return Stopwatch.GetElapsedTime(_startedAt);
            if (Stopwatch.GetElapsedTime(began) > limit) throw new TimeoutException(
                $"The program did not answer within {limit.TotalSeconds:0} s. It said:\n{LastWords}");
            await Task.Delay(10, cancel);
        }

        return null;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>
    /// SIGTERM, as an operator would; SIGKILL when it does not drain in time. Answers whether it drained.
    /// </summary>
    public async Task<bool> StopAsync(TimeSpan limit)
    {
        if (!_process.HasExited) _ = Signal(_process.Id, Sigterm);
        using var late = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(late.Token);
            return _process.ExitCode == 0;
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            return false;
        }
    }

    /// <summary>Waits until it ends by itself, or the time is over. Answers whether it ended.</summary>
    public async Task<bool> WaitForExitAsync(TimeSpan limit, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(limit);
        await _process.WaitForExitAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
        return _process.HasExited;
    }

    /// <summary>Resident memory, MiB; 0 where the system does not tell.</summary>
    public double ResidentMiB()
    {
        _process.Refresh();
        return _process.HasExited ? 0 : _process.WorkingSet64 / 1024.0 / 1024.0;
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private async Task<bool> IsOkAsync(string path, CancellationToken cancel)
    {
        try
        {
            using var connection = await HttpConnection.OpenAsync(Port, cancel);
            return (await connection.GetAsync(path, cancel)).Status == 200;
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            // Nobody listens yet: that is what is waited for.
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines) _lines.Dequeue();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int processId, int signal);
}
