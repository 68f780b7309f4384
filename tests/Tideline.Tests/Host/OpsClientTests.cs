using System.Net;
using System.Net.Sockets;
using System.Text;
using Tideline.Host.Running;
using Tideline.Kernel;

namespace Tideline.Tests.Host;

/// <summary>The command line's side of a conversation with a node.</summary>
public sealed class OpsClientTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(
        Path.Combine(Path.GetTempPath(), $"tideline-{new IdGenerator(TimeProvider.System).Next():N}")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_node_that_stands_still_is_named_after_a_moment()
    {
        // As a stopped process: the kernel takes connections, and nobody answers.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var run = RunFile.Write(_folder, $"http://{silent.LocalEndpoint}");
        await using var node = await OpsClient.OpenAsync(_folder, TimeSpan.FromMilliseconds(50), default);
        var told = await Should.ThrowAsync<TidelineException>(() => node.GetAsync("/v1/ops/sagas", default));
        (told.Code, told.Message).ShouldBe((ErrorCode.StorageUnavailable,
            $"The node at http://{silent.LocalEndpoint}/ does not answer: it hangs, or its machine is "
                + "overloaded. tideline.run.json in the data folder names its process."));
    }

    [Fact]
    public async Task A_node_that_works_for_long_and_is_live_is_waited_for()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        using var over = new CancellationTokenSource();
        var serving = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested) _ = AnswerAsync(await busy.AcceptSocketAsync(over.Token));
        });
        using var run = RunFile.Write(_folder, $"http://{busy.LocalEndpoint}");
        await using var node = await OpsClient.OpenAsync(_folder, TimeSpan.FromMilliseconds(400), default);
        (await node.GetAsync("/v1/ops/sagas", default)).GetRawText().ShouldBe("{}");
        await over.CancelAsync();
        await serving.ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    // What is asked for takes many silences, /health/live none.
    private static async Task AnswerAsync(Socket connection)
    {
        using (connection)
        {
            var buffer = new byte[4_096];
            while (await connection.ReceiveAsync(buffer) is > 0 and var length)
            {
                if (!Encoding.ASCII.GetString(buffer, 0, length).Contains("/health/live", StringComparison.Ordinal))
                    await Task.Delay(3_000);
                await connection.SendAsync(Encoding.ASCII.GetBytes(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
            }
        }
    }
}
