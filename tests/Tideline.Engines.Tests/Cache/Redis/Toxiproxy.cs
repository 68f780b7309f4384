using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Tideline.Tools.Servers;

namespace Tideline.Engines.Tests.Cache.Redis;

/// <summary>
/// A line to a server with faults on it, made by Toxiproxy, whose program stands in the folder that
/// <c>TIDELINE_SERVICES_DIR</c> names.
/// </summary>
internal sealed class Toxiproxy : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _control;
    private readonly int _port;

    private Toxiproxy(Process process, HttpClient control, int port) =>
        (_process, _control, _port) = (process, control, port);

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}");

    public static async Task<Toxiproxy> ToAsync(string upstream)
    {
        var program = Path.Combine(
            Environment.GetEnvironmentVariable("TIDELINE_SERVICES_DIR") ?? "", "toxiproxy", "toxiproxy-server");
        if (!File.Exists(program)) Assert.Skip("TIDELINE_SERVICES_DIR names no folder with Toxiproxy.");
        var (control, port) = (LoopbackPort.Next(), LoopbackPort.Next());
        var start = new ProcessStartInfo(program, ["-host",
            "127.0.0.1", "-port", $"{control}"])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var proxy = new Toxiproxy(
            process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{control}") }, port);
        await proxy.UpAsync();
        await proxy.SendAsync(HttpMethod.Post,
            "/proxies", $$"""{"name":"line","listen":"{{proxy.Address}}","upstream":"{{upstream}}","enabled":true}""");
        return proxy;
    }

    /// <summary>Answers take so much longer.</summary>
    public Task SlowDownAsync(TimeSpan latency) =>
        SendAsync(HttpMethod.Post, "/proxies/line/toxics", $$$"""{"name":"slow","type":"latency","stream":"downstream","attributes":{"latency":{{{(int)latency.TotalMilliseconds}}}}}""");

    public Task SpeedUpAsync() => SendAsync(HttpMethod.Delete, "/proxies/line/toxics/slow", "");

    /// <summary>Cuts or mends the line.</summary>
    public Task SetConnectedAsync(bool isConnected) =>
        SendAsync(HttpMethod.Post, "/proxies/line", isConnected ? """{"enabled":true}""" : """{"enabled":false}""");

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task UpAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var version = await _control.GetAsync("/version", limit.Token);
                if (version.StatusCode == HttpStatusCode.OK) return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(10, limit.Token);
            }
        }
    }

    private async Task SendAsync(HttpMethod method, string path, string json)
    {
        using var request = new HttpRequestMessage(
            method, path)
        { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        using var answer = await _control.SendAsync(request);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
    }
}
