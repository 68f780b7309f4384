using System.Diagnostics;
using System.Globalization;
using System.Text;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Drills.Faults;

/// <summary>An installation of real processes on real engines.</summary>
internal sealed class RunningBank : IBankUnderTest, IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
    { Timeout = Timeout.InfiniteTimeSpan };
    private readonly HostProgram _program;
    private readonly Node[] _nodes;

    /// <param name="program">The program.</param>
    /// <param name="installation">The installation.</param>
    /// <param name="servers">The servers of its own; null: embedded, or the user's servers.</param>
    /// <param name="nodes">The number of nodes.</param>
    public RunningBank(HostProgram program, Installation installation, EngineServers? servers, int nodes)
    {
        (_program, Installation, Servers) = (program, installation, servers);
        _nodes = [.. Enumerable.Range(0, nodes).Select(number => new Node(
            LoopbackPort.Next(), nodes == 1 ? installation.DataFolder : $"{installation.DataFolder}-{number}"))];
    }

    public Installation Installation { get; }

    public EngineServers? Servers { get; }

    public int Nodes => _nodes.Length;

    public long ElapsedUs => (long)Stopwatch.GetElapsedTime(_startedAt).TotalMicroseconds;

    public bool IsExpiryNear => false;

    public long[] Heads() => [];

    public void Note(ulong what)
    {
    }

    /// <summary>Starts a node, and waits until it answers.</summary>
    /// <exception cref="IOException">It ended before it answered.</exception>
    /// <exception cref="TimeoutException">It did not answer in time.</exception>
    public async Task StartAsync(int number, CancellationToken cancel)
    {
        var node = _nodes[number];
        node.Process?.Dispose();
        var variables = new Dictionary<string, string>(Servers?.Variables ?? new Dictionary<string, string>());
        if (Nodes > 1) variables["TIDELINE_OWN"] = string.Join(',', Enumerable.Range(0, Installation.Shards)
            .Where(shard => shard % Nodes == number));
        node.Process = ServerProcess.Start(
            _program, Installation, node.Port, dataFolder: node.Folder, variables: variables);
        if (await node.Process.WaitReadyAsync(StartLimit, cancel) is null)
            throw new IOException($"Node {number} ended before it answered. It said:\n{node.Process.LastWords}");
    }

    /// <summary>Starts every node that does not run.</summary>
    public async Task StartAllAsync(CancellationToken cancel)
    {
        for (var number = 0; number < Nodes; number++)
            if (_nodes[number].Process is not { HasExited: false }) await StartAsync(number, cancel);
    }

    public Task KillAsync(int number) => _nodes[number].Process!.KillAsync();

    /// <summary>Kills every node.</summary>
    public Task KillAllAsync() => Task.WhenAll(Enumerable.Range(0, Nodes).Select(KillAsync));

    /// <summary>Ends a node as an operator does. False: it had to be killed.</summary>
    public Task<bool> StopAsync(int number) => _nodes[number].Process!.StopAsync(StartLimit);

    /// <summary>Ends every node as an operator does. False: one had to be killed.</summary>
    public async Task<bool> StopAllAsync() =>
        (await Task.WhenAll(Enumerable.Range(0, Nodes).Select(StopAsync))).All(ended => ended);

    public void Pause(int number) => _nodes[number].Process!.Pause();

    public void Continue(int number) => _nodes[number].Process!.Continue();

    /// <summary>The last lines that the nodes printed.</summary>
    public string LastWords => string.Join('\n', _nodes.Select(
        (node, number) => $"node {number}:\n{node.Process?.LastWords}"));

    public async Task<BankAnswer> SendAsync(
        int node, string method, string target, IReadOnlyList<(string Name, string Value)> headers, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), string.Create(
            CultureInfo.InvariantCulture, $"http://127.0.0.1:{_nodes[node].Port}{target}"));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null) request.Content = new StringContent(
            body, Encoding.UTF8, HttpExchange.MediaTypeOf(target));
        try
        {
            using var answer = await _http.SendAsync(request);
            return new BankAnswer(
                (int)answer.StatusCode, Header(answer, "Tideline-Token"), Header(answer, "Tideline-Served-By"),
                await answer.Content.ReadAsByteArrayAsync());
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or TaskCanceledException)
        {
            throw new ConnectionLostException($"node {node}");
        }
    }

    public void Dispose()
    {
        foreach (var node in _nodes) node.Process?.Dispose();
        _http.Dispose();
    }

    private static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : "";

    private sealed class Node(int port, string folder)
    {
        public int Port => port;

        public string Folder => folder;

        public ServerProcess? Process { get; set; }
    }
}
