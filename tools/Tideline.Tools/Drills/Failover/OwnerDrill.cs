using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Tideline.Kernel;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// Two real processes on one installation of the cluster profile: one prefers the even shards, the other the odd ones,
/// and clients send to both. They are killed, paused, cut off from MySQL or ended under load, in turn, and it is proved
/// that nothing acknowledged was lost or done twice, how long it took until every shard answered, and that the shards
/// came back to who prefers them.
/// </summary>
internal sealed class OwnerDrill(DrillOptions options, TimeProvider time)
{
    private const int Accounts = 200;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(2);
    private static readonly Blow[] Blows = [Blow.Killed, Blow.Paused, Blow.CutOff, Blow.Ended];
    private readonly int[] _ports = [LoopbackPort.Next(), LoopbackPort.Next()];
    private readonly ServerProcess[] _nodes = new ServerProcess[2];
    private readonly MySqlProxies[] _lines = new MySqlProxies[2];
    private readonly List<Run> _runs = [];
    private bool _drained = true;

    /// <summary>Runs the drill.</summary>
    /// <exception cref="TidelineException">InvalidInput: not on the cluster profile; the embedded engines let one
    /// process at a time. NotFound: Toxiproxy cannot be had here.</exception>
    /// <exception cref="TimeoutException">A process did not answer, or did not take over.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        if (options.Cluster is not { } cluster) throw new TidelineException(
            ErrorCode.InvalidInput, "The drill owner is one of the cluster profile: --profile cluster.");
        if (options.Shards < 2) throw new TidelineException(
            ErrorCode.InvalidInput, "The drill owner needs a shard for each of two processes.");
        var program = HostProgram.Find(options.HostPath);
        using var folder = new TemporaryFolder("owner", options.DataFolder);
        await using var installation = new Installation(Path.Combine(folder.Path, "load"), options.Shards, cluster);
        var random = new SeededRandom(options.Seed);
        var accounts = await installation.LoadAccountsAsync(Accounts, random.Fork(), time, cancel);
        await using var proxy = Toxiproxy.Prepare(Path.Combine(folder.Path, "lines"));
        await proxy.StartAsync(cancel);
        try
        {
            for (var node = 0; node < _nodes.Length; node++)
            {
                _lines[node] = await MySqlProxies.OpenAsync(
                    proxy, string.Create(CultureInfo.InvariantCulture, $"node-{node}"), cluster.MySql, cancel);
                _nodes[node] = await StartAsync(program, installation, folder, node, cancel);
            }

            if (!await IsSplitAsync(cancel)) throw new TimeoutException($"The shards are not with the processes that "
                + $"prefer them. These said:\n{_nodes[0].LastWords}\n{_nodes[1].LastWords}");
            using var clients = new HttpSenders(_ports, options.Connections);
            var load = new FailoverLoad(
                new ShardMap(options.Shards), clients.SendAsync, accounts, options.Connections, random.Fork());
            for (var run = 1; run <= options.Runs; run++)
            {
                await Task.Delay(Steady, cancel);
                // Every blow for one process, then for the other.
                await StrikeAsync(run, (run - 1) / Blows.Length % _nodes.Length, Blows[(run - 1) % Blows.Length],
                    at => StartAsync(program, installation, folder, at, cancel), load, cancel);
            }

            await load.EndAsync();
            return await ReportAsync(load, installation, random.Fork(), cancel);
        }
        finally
        {
            foreach (var node in _nodes) node?.Dispose();
        }
    }

    private async Task<ServerProcess> StartAsync(
        HostProgram program, Installation installation, TemporaryFolder folder, int at, CancellationToken cancel)
    {
        var process = ServerProcess.Start(
            program, installation, _ports[at], dataFolder: Path.Combine(folder.Path, $"node-{at}"),
            variables: new Dictionary<string, string>
            {
                ["TIDELINE_OWN"] = string.Join(',', Preferred(at)),
                ["TIDELINE_MYSQL"] = string.Join('|', _lines[at].Addresses),
            });
        if (await process.WaitReadyAsync(StartLimit, cancel) is null)
            throw new IOException($"The program ended before it answered. It said:\n{process.LastWords}");
        return process;
    }

    private async Task StrikeAsync(int number,
        int at, Blow blow, Func<int, Task<ServerProcess>> startAsync, FailoverLoad load, CancellationToken cancel)
    {
        load.Begin();
        var (struck, struckAt) = (_nodes[at], Stopwatch.GetTimestamp());
        if (blow == Blow.Killed) await struck.KillAsync();
        else if (blow == Blow.Paused) struck.Pause();
        else if (blow == Blow.CutOff) await _lines[at].SilenceAsync(cancel);
        else _drained &= await struck.StopAsync(StartLimit);
        while (!load.AnsweredSince(struckAt + Stopwatch.Frequency / 2))
        {
            if (Stopwatch.GetElapsedTime(struckAt) > StartLimit)
                throw new TimeoutException($"After {StartLimit.TotalSeconds:0} s a shard does not answer. The other "
                    + $"process said:\n{_nodes[1 - at].LastWords}");
            await Task.Delay(10, cancel);
        }

        var recoveryMs = load.LongestGapMs();
        load.Begin();
        var backAt = Stopwatch.GetTimestamp();
        // One that was paused or cut off may believe that it owns the shards still: what it was doing must come to
        // nothing.
        if (blow == Blow.Paused)
        {
            struck.Continue();
        }
        else if (blow == Blow.CutOff)
        {
            await _lines[at].HealAsync(cancel);
        }
        else
        {
            struck.Dispose();
            _nodes[at] = await startAsync(at);
        }

        var isBack = await IsSplitAsync(cancel);
        var backMs = Stopwatch.GetElapsedTime(backAt).TotalMilliseconds;
        var splitAt = Stopwatch.GetTimestamp();
        while (!load.AnsweredSince(splitAt)) await Task.Delay(10, cancel);
        _runs.Add(new Run(recoveryMs, isBack, backMs, load.LongestGapMs()));
        Print(number, at, blow, _runs[^1]);
    }

    // Waits until each process owns what it prefers, and both say so. False: it takes too long.
    private async Task<bool> IsSplitAsync(CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await Task.WhenAll(_ports.Select(port => SeesSplitAsync(port, cancel)))).All(sees => sees))
        {
            if (Stopwatch.GetElapsedTime(began) > StartLimit) return false;
            await Task.Delay(20, cancel);
        }

        return true;
    }

    private async Task<bool> SeesSplitAsync(int port, CancellationToken cancel)
    {
        using var connection = await HttpConnection.OpenAsync(port, cancel);
        var answer = await connection.GetAsync("/v1/ops/shards", cancel);
        return answer.Status == 200 && JsonNode.Parse(answer.Body)!["items"]!.AsArray().All(shard =>
            (string?)shard!["owner"] is { } owner && owner.EndsWith(string.Create(CultureInfo.InvariantCulture,
                $":{_ports[(int)shard["shard"]! % _ports.Length]})"), StringComparison.Ordinal));
    }

    private async Task<DrillReport> ReportAsync(
        FailoverLoad load, Installation installation, SeededRandom random, CancellationToken cancel)
    {
        var proof = await LoadProof.ReadAsync(load, installation, random, cancel);
        var recoveries = new Recoveries(_runs.Select(run => run.RecoveryMs));
        var returns = new Recoveries(_runs.Select(run => run.ReturnGapMs));
        foreach (var node in _nodes) _drained &= await node.StopAsync(StartLimit);
        return new DrillReport(
            "owner",
            [
                .. proof.Checks, recoveries.Check,
                new Check("shards return to who prefers them",
                    _runs.TrueForAll(run => run.IsBack), FormattableString.Invariant(
                        $"{_runs.Max(run => run.BackMs):0} ms at most after the process was started or went on")),
                new Check("recovery under 4 s when they return", returns.Check.Ok, returns.Check.Detail),
                new Check("drain", _drained, "SIGTERM ended a process with exit code 0, each time"),
            ],
            [.. proof.Figures, .. recoveries.Figures, new Figure(
                "shards back p50", _runs.Select(run => run.BackMs).Order().ElementAt(_runs.Count / 2), "ms")]);
    }

    private IEnumerable<int> Preferred(int node) =>
        Enumerable.Range(0, options.Shards).Where(shard => shard % _nodes.Length == node);

    private static void Print(int number, int at, Blow blow, Run run)
    {
        if (number == 1) Console.WriteLine(
            "run  process      was       recovery, ms   shards back after, ms   longest gap meanwhile, ms");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{number,3}  {(at == 0 ? "even shards" : "odd shards"),-11}  "
                + $"{Words(blow),-7} {run.RecoveryMs,14:0} {run.BackMs,23:0} {run.ReturnGapMs,27:0}"));
    }

    private static string Words(Blow blow) => blow switch
    {
        Blow.Killed => "killed",
        Blow.Paused => "paused",
        Blow.CutOff => "cut off",
        _ => "ended",
    };

    private sealed record Run(double RecoveryMs, bool IsBack, double BackMs, double ReturnGapMs);
}
