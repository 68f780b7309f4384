using System.Diagnostics;
using System.Net.Http.Json;

namespace Tideline.Engines.Tests.Log;

/// <summary>A line between clients and a broker that a test can cut, or make lose what goes one way: Toxiproxy, from the folder of <see cref="KafkaBrokers"/>.</summary>
internal sealed class KafkaProxy : IAsyncDisposable
{
    private readonly HttpClient _control;
    private readonly Process _process;

    private KafkaProxy(Process process, int controlPort, int port) =>
        (_process, _control, Port) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{controlPort}") }, port);

    /// <summary>Where clients connect.</summary>
    public int Port { get; }

    public static async Task<KafkaProxy> StartAsync(int port)
    {
        var controlPort = KafkaBrokers.FreePort();
        var program = $"{KafkaBrokers.Services}/toxiproxy/toxiproxy-server";
        var proxy = new KafkaProxy(Process.Start("bash", ["-c", $"exec '{program}' -host 127.0.0.1 -port {controlPort} >/dev/null 2>&1"]), controlPort, port);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                (await proxy._control.GetAsync("/version", late.Token)).EnsureSuccessStatusCode();
                return proxy;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, late.Token);
            }
        }
    }

    /// <summary>Opens the line to a broker.</summary>
    public Task ConnectAsync(string broker) => PostAsync("/proxies", new { name = "kafka", listen = $"127.0.0.1:{Port}", upstream = broker, enabled = true });

    /// <summary>Cuts the line, or mends it.</summary>
    public Task CutAsync(bool isCut) => PostAsync("/proxies/kafka", new { enabled = !isCut });

    /// <summary>From now on what the broker answers is lost, though it hears everything.</summary>
    public Task LoseAnswersAsync() => PostAsync("/proxies/kafka/toxics", new { name = "lost", type = "timeout", stream = "downstream", attributes = new { timeout = 0 } });

    /// <summary>Answers come through again, on new connections.</summary>
    public async Task MendAsync()
    {
        (await _control.DeleteAsync("/proxies/kafka/toxics/lost")).EnsureSuccessStatusCode();
        await CutAsync(isCut: true);
        await CutAsync(isCut: false);
    }

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task PostAsync(string path, object body) => (await _control.PostAsJsonAsync(path, body)).EnsureSuccessStatusCode();
}
