using System.Diagnostics;
using System.Globalization;
using Tideline.Bench.Load;
using Tideline.Kernel;

namespace Tideline.Bench.Drills.Failover;

/// <summary>
/// Two real processes on one installation of the cluster profile: one owns the shards, the other stands by. The owner is killed or paused under load, again and again, and it is proved
/// that nothing acknowledged was lost or done twice, and how long it took until the other one answered.
/// </summary>
internal sealed class OwnerDrill(DrillOptions options, TimeProvider time)
{
    private const int Accounts = 200;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(2);
    private static readonly Blow[] Blows = [Blow.Killed, Blow.Paused];
    private readonly int[] _ports = [ServerProcess.FreePort(), ServerProcess.FreePort()];
    private readonly List<double> _recoveriesMs = [];

    /// <summary>Runs the drill.</summary>
    /// <exception cref="TidelineException">InvalidInput: not on the cluster profile; the embedded engines let one process at a time.</exception>
    /// <exception cref="TimeoutException">A process did not answer, or did not take over.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        if (options.Cluster is not { } cluster) throw new TidelineException(ErrorCode.InvalidInput, "The drill owner is one of the cluster profile: --profile cluster.");
        var program = HostProgram.Find(options.HostPath);
        using var folder = new TemporaryFolder("owner", options.DataFolder);
        await using var installation = new Installation(Path.Combine(folder.Path, "load"), options.Shards, cluster);
        var random = new SeededRandom(options.Seed);
        var accounts = await installation.LoadAccountsAsync(Accounts, random.Fork(), time, cancel);

        var owner = await StartAsync(program, installation, folder, 0, cancel);
        var standby = await StartAsync(program, installation, folder, 1, cancel);
        try
        {
            using var clients = new HttpSenders(_ports, options.Connections);
            var load = new FailoverLoad(new ShardMap(options.Shards), clients.SendAsync, accounts, options.Connections, random.Fork());
            for (var run = 1; run <= options.Runs; run++)
            {
                await Task.Delay(Steady, cancel);
                var blow = Blows[(run - 1) % Blows.Length];
                _recoveriesMs.Add(await StrikeAsync(owner, standby, blow, load, cancel));
                Print(run, blow, _recoveriesMs[^1]);
                if (blow == Blow.Killed)
                {
                    var at = Array.IndexOf(_ports, owner.Port);
                    owner.Dispose();
                    owner = await StartAsync(program, installation, folder, at, cancel);
                }

                (owner, standby) = (standby, owner);
            }

            await load.EndAsync();
            var proof = await LoadProof.ReadAsync(load, installation, random.Fork(), cancel);
            var recoveries = new Recoveries(_recoveriesMs);
            var drained = await standby.StopAsync(StartLimit) && await owner.StopAsync(StartLimit);
            return new DrillReport("owner", [.. proof.Checks, recoveries.Check, new Check("drain", drained, "SIGTERM ended both processes with exit code 0")], [.. proof.Figures, .. recoveries.Figures]);
        }
        finally
        {
            owner.Dispose();
            standby.Dispose();
        }
    }

    // The first is ready when it owns the shards; who comes later is never ready, and stands by as soon as it answers.
    private async Task<ServerProcess> StartAsync(HostProgram program, Installation installation, TemporaryFolder folder, int at, CancellationToken cancel)
    {
        var process = ServerProcess.Start(program, installation, _ports[at], dataFolder: Path.Combine(folder.Path, $"node-{at}"));
        if (await process.WaitLiveAsync(StartLimit, cancel) is null) throw new IOException($"The program ended before it answered. It said:\n{process.LastWords}");
        return process;
    }

    private static async Task<double> StrikeAsync(ServerProcess owner, ServerProcess standby, Blow blow, FailoverLoad load, CancellationToken cancel)
    {
        load.Begin();
        var struckAt = Stopwatch.GetTimestamp();
        if (blow == Blow.Killed) await owner.KillAsync();
        else owner.Pause();
        while (!load.AnsweredSince(struckAt + Stopwatch.Frequency / 2))
        {
            if (Stopwatch.GetElapsedTime(struckAt) > StartLimit) throw new TimeoutException($"After {StartLimit.TotalSeconds:0} s nobody answers. The other process said:\n{standby.LastWords}");
            await Task.Delay(10, cancel);
        }

        var recoveryMs = load.LongestGapMs();
        // It believes that it owns the shards still: what it was doing must come to nothing.
        if (blow == Blow.Paused) owner.Continue();
        return recoveryMs;
    }

    private static void Print(int run, Blow blow, double recoveryMs)
    {
        if (run == 1) Console.WriteLine("run  owner was    recovery, ms");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run,3}  {(blow == Blow.Killed ? "killed" : "paused"),-12} {recoveryMs,12:0}"));
    }
}
