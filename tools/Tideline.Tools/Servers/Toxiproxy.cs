using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Tideline.Kernel;

namespace Tideline.Tools.Servers;

/// <summary>A proxy that breaks connections on demand: cuts them, slows them, loses what comes back.</summary>
internal sealed class Toxiproxy : LocalServer
{
    private static readonly string[] Streams = ["upstream", "downstream"];
    private readonly string _program;
    private readonly Uri _api;

    private Toxiproxy(string program, string folder, int port)
        : base("Toxiproxy", folder, [port]) => (_program, _api) = (program, new Uri($"http://127.0.0.1:{port}"));

    public override string Address => _api.ToString().TrimEnd('/');

    protected override ServerCommand Command => new(_program, ["-host", "127.0.0.1", "-port", $"{Ports[0]}"]);

    /// <summary>Finds the program. It does not run yet.</summary>
    /// <exception cref="TidelineException">NotFound: it cannot be had here.</exception>
    public static Toxiproxy Prepare(string folder, int? port = null) =>
        new(Path.Combine(ServerBinaries.Shared("toxiproxy"), "toxiproxy-server"), folder, port ?? LoopbackPort.Next());

    /// <summary>Opens a line to a server, by a name of its own.</summary>
    /// <returns>The port on loopback that leads there.</returns>
    public Task<int> OpenAsync(string line, int upstreamPort, CancellationToken cancel) =>
        OpenAsync(line, $"127.0.0.1:{upstreamPort}", cancel);

    /// <summary>The same, to a server anywhere.</summary>
    public async Task<int> OpenAsync(string line, string upstream, CancellationToken cancel)
    {
        var port = LoopbackPort.Next();
        await PostAsync("proxies", new JsonObject
        {
            ["name"] = line, ["listen"] = $"127.0.0.1:{port}", ["upstream"] = upstream, ["enabled"] = true
        }, cancel);
        return port;
    }

    /// <summary>Cuts a line: its connections are closed and new ones refused.</summary>
    public Task CutAsync(string line, CancellationToken cancel) =>
        PostAsync($"proxies/{line}", new JsonObject { ["enabled"] = false }, cancel);

    /// <summary>Lets a line that was cut carry again.</summary>
    public Task RestoreAsync(string line, CancellationToken cancel) =>
        PostAsync($"proxies/{line}", new JsonObject { ["enabled"] = true }, cancel);

    /// <summary>Harms a line.</summary>
    /// <param name="line">Its name.</param>
    /// <param name="toxic">One of <c>latency</c>, <c>timeout</c>, <c>reset_peer</c>, <c>bandwidth</c>, <c>slicer</c>,
    /// <c>limit_data</c>; also the name by which it is healed.</param>
    /// <param name="stream"><c>upstream</c>, towards the server, or <c>downstream</c>.</param>
    /// <param name="attributes">What the toxic takes, as in <c>{"latency": 100}</c> (milliseconds).</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task HarmAsync(string line, string toxic, string stream, JsonObject attributes, CancellationToken cancel) =>
        PostAsync($"proxies/{line}/toxics", new JsonObject
        {
            ["name"] = toxic, ["type"] = toxic, ["stream"] = stream, ["attributes"] = attributes
        }, cancel);

    /// <summary>Nothing gets through a line in either direction, and its connections stay open.</summary>
    public async Task SilenceAsync(string line, CancellationToken cancel)
    {
        foreach (var stream in Streams)
            await PostAsync($"proxies/{line}/toxics", new JsonObject
            {
                ["name"] = stream,
                ["type"] = "timeout", ["stream"] = stream, ["attributes"] = new JsonObject { ["timeout"] = 0 }
            }, cancel);
    }

    /// <summary>Lets a silent line carry again. Its connections end: a part of what they carried is lost.</summary>
    public async Task EndSilenceAsync(string line, CancellationToken cancel)
    {
        await CutAsync(line, cancel);
        foreach (var stream in Streams) await HealAsync(line, stream, cancel);
        await RestoreAsync(line, cancel);
    }

    /// <summary>Takes a toxic from a line.</summary>
    public async Task HealAsync(string line, string toxic, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = _api };
        using var answer = await http.DeleteAsync($"proxies/{line}/toxics/{toxic}", cancel);
        answer.EnsureSuccessStatusCode();
    }

    protected override async Task<string> AskVersionAsync(CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = _api };
        return $"Toxiproxy {await http.GetStringAsync("version", cancel)}";
    }

    private async Task PostAsync(string path, JsonObject body, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = _api };
        using var answer = await http.PostAsJsonAsync(path, body, cancel);
        answer.EnsureSuccessStatusCode();
    }
}
