using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tideline.Tools.Servers;

namespace Tideline.Engines.Tests.Cache.Redis;

/// <summary>
/// A Redis server of the test's own, on a free loopback port, that may be broken. Its program is what
/// <c>dev/servers/install redis</c> unpacked.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string _program = FindProgram();
    private Process? _process;

    public int Port { get; } = LoopbackPort.Next();

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public static async Task<RedisServer> StartedAsync()
    {
        var server = new RedisServer();
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        _process = Process.Start(_program, ["usr/bin/redis-server", "--bind",
            "127.0.0.1", "--port", $"{Port}", "--save", "", "--dir", Path.GetTempPath(), "--logfile", "/dev/null"]);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await AnswersAsync(limit.Token)) await Task.Delay(10, limit.Token);
    }

    /// <summary>As <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Keeps its connections and answers nothing.</summary>
    public Task SuspendAsync() => SignalAsync("-STOP", state => state == 'T');

    public Task ResumeAsync() => SignalAsync("-CONT", state => state != 'T');

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
    }

    private async Task SignalAsync(string signal, Func<char, bool> reached)
    {
        using var kill = Process.Start("kill", [signal, $"{_process!.Id}"]);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await kill.WaitForExitAsync(limit.Token);
        while (!reached(State())) await Task.Delay(1, limit.Token);
    }

    // The field after the name in brackets.
    private char State()
    {
        var stat = File.ReadAllText($"/proc/{_process!.Id}/stat");
        return stat[stat.LastIndexOf(')') + 2];
    }

    private async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port, cancel);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), cancel);
            var answer = new byte[5];
            await client.GetStream().ReadExactlyAsync(answer, cancel);
            return Encoding.ASCII.GetString(answer) == "+PONG";
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            return false;
        }
    }

    private static string FindProgram()
    {
        var servers = Environment.GetEnvironmentVariable("TIDELINE_SERVERS")
            ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(
                Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "tideline", "servers");
        var program = Path.Combine(servers, "redis", "run");
        if (!File.Exists(program))
            Assert.Skip("There is no Redis server to break; dev/servers/install redis unpacks one.");
        return program;
    }
}
