#pragma warning disable CA2000 // The client owns the node it started; DisposeAsync ends it.
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Tideline.Gateway.Door;
using Tideline.Kernel;
using Tideline.Ledger.Installation;
using Tideline.Node;

namespace Tideline.Host.Running;

/// <summary>
/// Sends HTTP requests to the node that runs on a data folder. If none runs, it starts one on a free port for the
/// duration of the command, so that each operation is implemented only once.
/// </summary>
internal sealed class OpsClient : IAsyncDisposable
{
    private static readonly Uri Live = new("/health/live", UriKind.Relative);
    private readonly HttpClient _http;
    private readonly Server? _own;
    private readonly TimeSpan _silence;

    private OpsClient(Uri address, Server? own, TimeSpan silence)
    {
        (_own, _silence) = (own, silence);
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromHours(1) };
    }

    /// <exception cref="TidelineException">NotFound: the folder has no data. Corrupt: its ledger is lost.</exception>
    public static Task<OpsClient> OpenAsync(string data, CancellationToken cancel) =>
        OpenAsync(data, TimeSpan.FromMilliseconds(HostLimits.OpsSilenceMs), cancel);

    /// <param name="data">The data folder.</param>
    /// <param name="silence">How long a request may go unanswered before the client checks whether the node is live,
    /// and how long that check may take.</param>
    /// <param name="cancel">Cancels the start of a node.</param>
    internal static async Task<OpsClient> OpenAsync(string data, TimeSpan silence, CancellationToken cancel)
    {
        if (RunFile.Find(data) is { } address) return new OpsClient(address, null, silence);
        var file = UpConfiguration.Read(null);
        var cluster = file.IsCluster ? ClusterSettings.Find(file) : null;
        if (cluster is null && !Directory.Exists(Path.Combine(data, "ledger")))
            throw File.Exists(Path.Combine(data, Manifest.FileName))
                ? new TidelineException(ErrorCode.Corrupt,
                    $"{data} holds no ledger: its files are lost. Restore the data folder from a backup.")
                : new TidelineException(ErrorCode.NotFound,
                    $"There is no Tideline data in {data}, and no node runs on it. Choose the folder with --data.");
        var own = await Server.StartAsync(new NodeOptions { DataDirectory = data, Cluster = cluster },
            new IPEndPoint(IPAddress.Loopback, 0), HostNames.Loopback, verbose: false, cancel);
        return new OpsClient(new Uri(own.Address), own, silence);
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancel) =>
        await ReadAsync(await AskAsync(
            token => _http.GetAsync(new Uri(path, UriKind.Relative), token), mayAct: false, cancel), cancel);

    public async Task<JsonElement> PostAsync(string path, string json, CancellationToken cancel)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        return await ReadAsync(await AskAsync(
            token => _http.PostAsync(new Uri(path, UriKind.Relative), body, token), mayAct: true, cancel), cancel);
    }

    /// <summary>Posts to a route without a body.</summary>
    public async Task<JsonElement> PostAsync(string path, CancellationToken cancel) =>
        await ReadAsync(await AskAsync(
            token => _http.PostAsync(new Uri(path, UriKind.Relative), null, token), mayAct: true, cancel), cancel);

    public async Task<JsonElement> PostFileAsync(string path, string file, CancellationToken cancel)
    {
        await using var stream = File.OpenRead(file);
        using var body = new StreamContent(stream);
        body.Headers.ContentType = new("application/xml");
        return await ReadAsync(await AskAsync(
            token => _http.PostAsync(new Uri(path, UriKind.Relative), body, token), mayAct: true, cancel), cancel);
    }

    /// <summary>Requests an answer as XML and saves it to a file.</summary>
    public async Task SaveXmlAsync(string path, string file, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new("application/xml"));
        using var answer = await AskAsync(
            token => _http.SendAsync(request, token), mayAct: false, cancel);
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

    // A live node may take long to answer; a hanging one does not answer at all.
    private async Task<HttpResponseMessage> AskAsync(
        Func<CancellationToken, Task<HttpResponseMessage>> send, bool mayAct, CancellationToken cancel)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var answer = send(gone.Token);
        var silent = 0;
        while (silent < HostLimits.OpsLooks && await Task.WhenAny(answer, Task.Delay(_silence, cancel)) != answer)
            silent = await IsLiveAsync(cancel) ? 0 : silent + 1;
        if (answer.IsCompleted) return await answer;
        await gone.CancelAsync();
        _ = answer.ContinueWith(static ended => ended.Exception, TaskScheduler.Default);
        cancel.ThrowIfCancellationRequested();
        throw new TidelineException(ErrorCode.StorageUnavailable,
            $"The node at {_http.BaseAddress} does not answer: it hangs, or its machine is overloaded. "
                + $"{RunFile.Name} in the data folder names its process."
                + (mayAct ? " The request may have been executed." : ""));
    }

    private async Task<bool> IsLiveAsync(CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(_silence);
        try
        {
            using var live = await _http.GetAsync(Live, late.Token);
            return true;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
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
