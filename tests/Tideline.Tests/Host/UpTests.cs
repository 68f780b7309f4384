using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Tideline.Kernel;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Host;

/// <summary>A node's life as its operator sees it.</summary>
public sealed class UpTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}");
    private readonly int _port = LoopbackPort.Next();
    private readonly Process _node;

    public UpTests()
    {
        _node = Process.Start(HostProcess.Command("up", "--data", _folder, "--port", $"{_port}", "--shards", "1"))!;
        _node.BeginOutputReadLine();
        _node.BeginErrorReadLine();
    }

    private string Data => _folder;

    public void Dispose()
    {
        if (!_node.HasExited) _node.Kill();
        _node.WaitForExit();
        _node.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Operations_answer_the_same_beside_a_running_node_and_without_one()
    {
        await ReadyAsync();
        var beside = await HostProcess.RunAsync("verify", "--data", Data, "--json");
        beside.ExitCode.ShouldBe(0, beside.Errors);
        await StopAsync();
        var without = await HostProcess.RunAsync("verify", "--data", Data, "--json");
        without.ExitCode.ShouldBe(0, without.Errors);
        without.Output.ShouldBe(beside.Output);
    }

    [Fact]
    public async Task A_rebuild_without_a_running_node_is_done_when_the_command_ends()
    {
        await ReadyAsync();
        await StopAsync();
        var rebuilt = await HostProcess.RunAsync("projections", "rebuild", "--data", Data);
        rebuilt.ExitCode.ShouldBe(0, rebuilt.Errors);
        rebuilt.Output.ShouldContain("switched");
        (await HostProcess.RunAsync("projections", "status", "--data", Data)).Output.ShouldContain("\t2\t");
    }

    [Fact]
    public async Task A_refused_operation_exits_with_1()
    {
        await ReadyAsync();
        var (exitCode, _, errors) = await HostProcess.RunAsync(
            "sagas", "show", "01980000-0000-7000-8000-000000000001", "--data", Data);
        exitCode.ShouldBe(1);
        errors.ShouldContain("There is no saga");
    }

    [Fact]
    public async Task A_second_node_on_the_same_data_is_told_where_the_first_one_is()
    {
        await ReadyAsync();
        var (exitCode, _, errors) = await HostProcess.RunAsync("up", "--data", Data, "--port", "0");
        exitCode.ShouldBe(2);
        errors.ShouldContain($"127.0.0.1:{_port}");
    }

    [Fact]
    public async Task Sigterm_lets_a_request_under_way_finish()
    {
        await ReadyAsync();
        using var client = new TcpClient("127.0.0.1", _port);
        var stream = client.GetStream();
        var body = """{"name":"Ada Lovelace","email":"ada@example.com","country":"GB"}""";
        var head = "POST /v1/customers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + $"Idempotency-Key: slow\r\nContent-Length: {body.Length}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + body[..20]));
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        await SigtermAsync();

        // Longer than the two seconds after which a command line parser would end the process, unless told.
        await Task.Delay(TimeSpan.FromSeconds(3));
        _node.HasExited.ShouldBeFalse();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(body[20..]));
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync())!.ShouldContain("201");
        await _node.WaitForExitAsync().WaitAsync(Limit);
        _node.ExitCode.ShouldBe(0);
        File.Exists(Path.Combine(_folder, "tideline.run.json")).ShouldBeFalse();
    }

    private async Task ReadyAsync()
    {
        using var client = new HttpClient();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if ((await client.GetAsync($"http://127.0.0.1:{_port}/health/ready")).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(started) < Limit)
            {
                // Nobody listens yet: that is what is waited for.
            }

            Stopwatch.GetElapsedTime(started).ShouldBeLessThan(Limit);
            await Task.Delay(20);
        }
    }

    private async Task StopAsync()
    {
        await SigtermAsync();
        await _node.WaitForExitAsync().WaitAsync(Limit);
        _node.ExitCode.ShouldBe(0);
    }

    private async Task SigtermAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_node.Id}"]);
        await kill.WaitForExitAsync();
        kill.ExitCode.ShouldBe(0);
    }
}
