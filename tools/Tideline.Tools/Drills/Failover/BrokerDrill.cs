using System.Diagnostics;
using System.Globalization;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// Strikes, again and again, one of three real Kafka brokers that leads a partition which transfers between shards
/// need, under load on one real process, and proves that nothing acknowledged was lost or done twice, that log and
/// views hold each event once, and how long transfers and views stood still. All servers are the drill's own.
/// </summary>
internal sealed class BrokerDrill(DrillOptions options, TimeProvider time)
{
    // The stand-in of MongoDB is slow and keeps everything in memory: the pace is one that its views can follow, and
    // that twenty runs leave room for.
    private const int Accounts = 200, PauseMs = 800;
    private const string Messages = "saga.commands";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(
        60), AnswerLimit = TimeSpan.FromSeconds(60), Steady = TimeSpan.FromSeconds(2), Away = TimeSpan.FromSeconds(6);
    private static readonly Blow[] Blows = [Blow.Killed, Blow.Paused];
    private readonly int _port = LoopbackPort.Next();
    private readonly List<Run> _runs = [];

    /// <summary>Runs the drill.</summary>
    /// <exception cref="TidelineException">NotFound, StorageUnavailable: a server could not be had or
    /// started.</exception>
    /// <exception cref="TimeoutException">The program did not answer, or a broker did not come back into
    /// sync.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        var program = HostProgram.Find(options.HostPath);
        using var folder = new TemporaryFolder("broker", options.DataFolder);
        await using var mysql = await MySqlServer.PrepareAsync(Path.Combine(folder.Path, "mysql"), cancel: cancel);
        await using var redis = await RedisServer.PrepareAsync(Path.Combine(folder.Path, "redis"), cancel: cancel);
        await using var mongo = await MongoStandIn.PrepareAsync(Path.Combine(folder.Path, "mongo"), cancel: cancel);
        LocalServer[] others = [mysql, redis, mongo];
        foreach (var server in others) server.Launch();
        await using var brokers = await KafkaGroup.StartAsync(Path.Combine(folder.Path, "kafka"), cancel);
        foreach (var server in others) await server.WaitReadyAsync(cancel);

        await using var installation = new Installation(
            Path.Combine(folder.Path, "node"), options.Shards, new ClusterOptions
            {
                MySql = [mysql.Address], Kafka = brokers.Address, MongoDb = mongo.Address, Redis = redis.Address
            });
        var random = new SeededRandom(options.Seed);
        var accounts = await installation.LoadAccountsAsync(Accounts, random.Fork(), time, cancel);
        using var node = ServerProcess.Start(program, installation, _port);
        await ReadyAsync(node, cancel);
        using var clients = new HttpSenders([_port], options.Connections);
        var load = new FailoverLoad(new ShardMap(options.Shards), clients.SendAsync,
            accounts, options.Connections, random.Fork(), PauseMs, crossing: options.Connections / 2);
        await using (var views = new ViewWatch(_port, options.Shards))
        {
            for (var number = 1; number <= options.Runs; number++)
            {
                _runs.Add(await StrikeAsync(number, brokers, load, views, node, cancel));
                Print(_runs[^1]);
            }
        }

        await load.EndAsync();
        await ReadyAsync(node, cancel);
        var (exitCode, output) = await (program with { Variables = installation.Variables })
            .RunAsync(["verify", "--deep", "--data", installation.DataFolder], cancel);
        var proof = await LoadProof.ReadAsync(load, installation, random.Fork(), cancel);
        var quiet = await QuiesceWait.WaitAsync(installation, time, cancel);
        var drained = await node.StopAsync(StartLimit);
        return Report(proof, load.AnsweredCrossing, new Check("verify --deep", exitCode == 0, exitCode == 0
            ? "the log is gapless, and the views hold each event once"
            : $"exit {exitCode}: {output.Trim()}"),
            quiet, drained);
    }

    // Measured from the blow until the broker is back and in sync: neither that it goes nor that it comes back may hold
    // anything up.
    private async Task<Run> StrikeAsync(int number,
        KafkaGroup brokers, FailoverLoad load, ViewWatch views, ServerProcess node, CancellationToken cancel)
    {
        await Task.Delay(Steady, cancel);
        var blow = Blows[(number - 1) % Blows.Length];
        var (struck, leads) = brokers.LeaderOf(Messages, (number - 1) / Blows.Length % options.Shards);
        load.Begin();
        views.Begin();
        await brokers.StrikeAsync(struck, blow);
        long backAt;
        try
        {
            await Task.Delay(Away, cancel);
            await AnsweredAsync($"run {number}: without broker {struck}", load, node, cancel);
        }
        finally
        {
            // When the drill is interrupted too: what it made is dropped at the end, and a broker that stands still
            // would not answer.
            backAt = Stopwatch.GetTimestamp();
            await brokers.HealAsync(struck, blow, cancel);
        }

        await brokers.SyncAsync(cancel);
        var syncMs = Stopwatch.GetElapsedTime(backAt).TotalMilliseconds;
        await AnsweredAsync($"run {number}: with broker {struck} again", load, node, cancel);
        await ReadyAsync(node, cancel);
        return new Run(
            number, struck, blow, leads, load.LongestCrossingGapMs(), views.LongestMs(), load.LongestGapMs(), syncMs);
    }

    private static async Task AnsweredAsync(
        string when, FailoverLoad load, ServerProcess node, CancellationToken cancel)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!load.AnsweredSince(begun))
        {
            if (node.HasExited) throw Ended(node);
            if (Stopwatch.GetElapsedTime(begun) > AnswerLimit) throw new TimeoutException($"{when} not every shard "
                + $"answers for {AnswerLimit.TotalSeconds:0} s. The program said:\n{node.LastWords}");
            await Task.Delay(20, cancel);
        }
    }

    private static async Task ReadyAsync(ServerProcess node, CancellationToken cancel)
    {
        if (await node.WaitReadyAsync(StartLimit, cancel) is null) throw Ended(node);
    }

    private static IOException Ended(ServerProcess node) => new($"The program ended. It said:\n{node.LastWords}");

    private static void Print(Run run)
    {
        if (run.Number == 1) Console.WriteLine("run  broker  was      leads   between shards, ms   views behind, ms   "
            + "within a shard, ms   in sync after, ms");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{run.Number,3}  {run.Broker,6}  {(run.Blow == Blow.Paused ? "paused" : "killed"),-8} {run.Leads,5} "
                + $"{run.CrossingMs,20:0} {run.ViewsMs,18:0} {run.WithinMs,20:0} {run.SyncMs,19:0}"));
    }

    private DrillReport Report(LoadProof proof, int crossing, Check verified, Check quiet, bool drained)
    {
        var recoveries = new Recoveries(_runs.Select(run => run.CrossingMs));
        return new DrillReport(
            "broker",
            [.. proof.Checks, verified,
                quiet, recoveries.Check, new Check("drain", drained, "SIGTERM ended the program with exit code 0")],
            [
                .. proof.Figures, new Figure("settled between shards", crossing, "transfers"), .. recoveries.Figures,
                new Figure("views behind, max",
                    _runs.Max(run => run.ViewsMs), "ms", Target: Target.Max(Recoveries.MostMs)),
                new Figure("within a shard, longest gap", _runs.Max(run => run.WithinMs), "ms"),
                new Figure("struck broker in sync after, max", _runs.Max(run => run.SyncMs), "ms"),
            ]);
    }

    // CrossingMs: the longest time in which nothing settled that leaves a shard; WithinMs: in which a shard answered
    // nobody who stays on it.
    private sealed record Run(int Number,
        int Broker, Blow Blow, int Leads, double CrossingMs, double ViewsMs, double WithinMs, double SyncMs);
}
