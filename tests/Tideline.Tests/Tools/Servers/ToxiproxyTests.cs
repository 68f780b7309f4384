using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Tideline.Tools.Servers;

namespace Tideline.Tests.Tools.Servers;

public sealed class ToxiproxyTests
{
    private const int LatencyMs = 300;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_line_carries_is_cut_and_carries_again()
    {
        await using var redis = await OwnServer<RedisServer>.StartAsync(
            folder => RedisServer.PrepareAsync(folder, cancel: Cancel));
        await using var proxy = await OwnServer<Toxiproxy>.StartAsync(
            folder => Task.FromResult(Toxiproxy.Prepare(folder)));
        proxy.Server.Version.ShouldStartWith("Toxiproxy ");
        var port = await proxy.Server.OpenAsync("redis", redis.Server.Ports[0], Cancel);
        (await PingAsync(port)).ShouldBe("+PONG");
        await proxy.Server.CutAsync("redis", Cancel);
        await Should.ThrowAsync<SocketException>(() => PingAsync(port));
        await proxy.Server.RestoreAsync("redis", Cancel);
        (await PingAsync(port)).ShouldBe("+PONG");
    }

    [Fact]
    public async Task A_harmed_line_is_slow_until_it_is_healed()
    {
        await using var redis = await OwnServer<RedisServer>.StartAsync(
            folder => RedisServer.PrepareAsync(folder, cancel: Cancel));
        await using var proxy = await OwnServer<Toxiproxy>.StartAsync(
            folder => Task.FromResult(Toxiproxy.Prepare(folder)));
        var port = await proxy.Server.OpenAsync("redis", redis.Server.Ports[0], Cancel);
        await proxy.Server.HarmAsync(
            "redis", "latency", "downstream", new JsonObject { ["latency"] = LatencyMs }, Cancel);
        var begun = Stopwatch.GetTimestamp();
        (await PingAsync(port)).ShouldBe("+PONG");
        Stopwatch.GetElapsedTime(begun).TotalMilliseconds.ShouldBeGreaterThan(LatencyMs - 1);
        await proxy.Server.HealAsync("redis", "latency", Cancel);
        (await PingAsync(port)).ShouldBe("+PONG");
    }

    private static async Task<string?> PingAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, Cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("PING\r\n"), Cancel);
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync(Cancel);
    }
}
