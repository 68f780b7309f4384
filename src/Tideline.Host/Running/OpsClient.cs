#pragma warning disable CA2000 // The client owns the node it started; DisposeAsync ends it.
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Tideline.Engines;
using Tideline.Gateway.Door;
using Tideline.Kernel;

namespace Tideline.Host.Running;

/// <summary>
/// Speaks HTTP to the node that runs on a data folder. When none does, it runs one for the length of the command on a
/// free port: there is one way to do each thing.
/// </summary>
internal sealed class OpsClient : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly Server? _own;

    private OpsClient(Uri address, Server? own)
    {
        _own = own;
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromHours(1) };
    }

    /// <exception cref="TidelineException">NotFound: there is no data there.</exception>
    public static async Task<OpsClient> OpenAsync(string data, CancellationToken cancel)
    {
        if (RunFile.Find(data) is { } address) return new OpsClient(address, null);
        var file = UpConfiguration.Read(null);
        var cluster = file.IsCluster ? ClusterSettings.Find(file) : null;
        if (cluster is null && !Directory.Exists(Path.Combine(data, "ledger")))
            throw new TidelineException(ErrorCode.NotFound,
                $"There is no Tideline data in {data}, and no node runs on it. Name the folder with --data.");
        var own = await Server.StartAsync(new NodeOptions { DataDirectory = data, Cluster = cluster },
            new IPEndPoint(IPAddress.Loopback, 0), HostNames.Loopback, verbose: false, cancel);
        return new OpsClient(new Uri(own.Address), own);
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancel) =>
        await ReadAsync(await _http.GetAsync(new Uri(path, UriKind.Relative), cancel), cancel);

    public async Task<JsonElement> PostAsync(string path, string json, CancellationToken cancel)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        return await ReadAsync(await _http.PostAsync(new Uri(path, UriKind.Relative), body, cancel), cancel);
    }

    /// <summary>Posts to a route that takes no body.</summary>
    public async Task<JsonElement> PostAsync(string path, CancellationToken cancel) =>
        await ReadAsync(await _http.PostAsync(new Uri(path, UriKind.Relative), null, cancel), cancel);

    public async Task<JsonElement> PostFileAsync(string path, string file, CancellationToken cancel)
    {
        await using var stream = File.OpenRead(file);
        using var body = new StreamContent(stream);
        body.Headers.ContentType = new("application/xml");
        return await ReadAsync(await _http.PostAsync(new Uri(path, UriKind.Relative), body, cancel), cancel);
    }

    /// <summary>Saves an answer, asked for as XML, into a file.</summary>
    public async Task SaveXmlAsync(string path, string file, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new("application/xml"));
        using var answer = await _http.SendAsync(request, cancel);
        if (!answer.IsSuccessStatusCode)
            throw new TidelineException(ErrorCode.StorageUnavailable, $"The node answered {(int)answer.StatusCode}.");
        await using var output = File.Create(file);
        await answer.Content.CopyToAsync(output, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_own is not null) await _own.DisposeAsync();
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        using (answer)
        {
            var json = await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
            if (answer.IsSuccessStatusCode) return json;
            var detail = json.TryGetProperty("detail", out var words) ? words.GetString() : json.ToString();
            detail ??= $"The node answered {(int)answer.StatusCode}.";
            throw (int)answer.StatusCode < 500
                ? new NodeRefusal(detail)
                : new TidelineException(ErrorCode.StorageUnavailable, detail);
        }
    }
}
