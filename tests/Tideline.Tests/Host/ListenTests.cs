using System.Diagnostics;
using System.Net.Sockets;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Host;

/// <summary>
/// Who can reach a node: 127.0.0.2 stands for an address of this machine that is not the one of loopback.
/// </summary>
public sealed class ListenTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new("listen");
    private readonly int _port = LoopbackPort.Next();
    private Process? _node;

    public void Dispose()
    {
        _node?.Kill();
        _node?.WaitForExit();
        _node?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Unless_told_a_node_listens_on_loopback_alone()
    {
        var words = await WordsAsync(null);
        words.ShouldContain("it listens on loopback only");
        (await IsReachedAsync("127.0.0.1")).ShouldBeTrue();
        (await IsReachedAsync("127.0.0.2")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_node_that_listens_on_all_addresses_says_so_and_commands_find_it()
    {
        var words = await WordsAsync("0.0.0.0");
        words.ShouldContain($"http://127.0.0.1:{_port} ");
        words.ShouldContain("anyone who can reach 0.0.0.0 can do everything");
        (await IsReachedAsync("127.0.0.2")).ShouldBeTrue();
        (await HostProcess.RunAsync("projections", "status", "--data", _folder.Path)).ExitCode.ShouldBe(0);
    }

    // The environment names the address, as an image does; what the node says first is read to the end.
    private async Task<string> WordsAsync(string? listen)
    {
        var start = HostProcess.Command("up", "--data", _folder.Path, "--port", $"{_port}", "--shards", "1");
        start.Environment["TIDELINE_LISTEN"] = listen ?? "";
        _node = Process.Start(start)!;
        var words = "";
        while (!words.Contains("Ctrl-C", StringComparison.Ordinal))
            words += await _node.StandardOutput.ReadLineAsync().WaitAsync(Limit)
                ?? throw new InvalidOperationException($"The node ended: {await _node.StandardError.ReadToEndAsync()}");
        return words;
    }

    private async Task<bool> IsReachedAsync(string host)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
