using System.Diagnostics;
using System.Globalization;
using Tideline.Kernel;
using Tideline.Node;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills.Failover;

/// <summary>
/// One process on servers of the drill's own: Redis, Kafka, MongoDB and MySQL are away for a while, one after the
/// other, under load. Writes that do not need the one that is away go on, the rest are refused; when it is back
/// everything catches up by itself, and both tiers agree.
/// </summary>
internal sealed class OutageDrill(DrillOptions options, TimeProvider time)
{
    // The stand-in of MongoDB is slow and keeps everything in memory; what is away is the matter here, not how fast the
    // rest is.
    private const int Accounts = 200, Clients = 16, PauseMs = 150;
    private const double Tail = 0.25;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(
        60), CatchUpLimit = TimeSpan.FromSeconds(180), Steady = TimeSpan.FromSeconds(5);
    private readonly int _port = LoopbackPort.Next();
    private readonly List<Outage> _outages = [];

    /// <summary>Runs the drill.</summary>
    /// <exception cref="TidelineException">NotFound, StorageUnavailable: a server could not be had or
    /// started.</exception>
    /// <exception cref="TimeoutException">The program did not answer, or did not catch up.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        var program = HostProgram.Find(options.HostPath);
        using var folder = new TemporaryFolder("outage", options.DataFolder);
        await using var mysql = await MySqlServer.PrepareAsync(Path.Combine(folder.Path, "mysql"), cancel: cancel);
        await using var kafka = await KafkaServer.PrepareAsync(Path.Combine(folder.Path, "kafka"), cancel: cancel);
        await using var redis = await RedisServer.PrepareAsync(Path.Combine(folder.Path, "redis"), cancel: cancel);
        await using var mongo = await MongoStandIn.PrepareAsync(Path.Combine(folder.Path, "mongo"), cancel: cancel);
        LocalServer[] servers = [redis, kafka, mongo, mysql];
        foreach (var server in servers) server.Launch();
        foreach (var server in servers) await server.WaitReadyAsync(cancel);

        await using var installation = new Installation(
            Path.Combine(folder.Path, "node"), options.Shards, new ClusterOptions
            {
                MySql = [mysql.Address], Kafka = kafka.Address, MongoDb = mongo.Address, Redis = redis.Address
            });
        var random = new SeededRandom(options.Seed);
        var accounts = await installation.LoadAccountsAsync(Accounts, random.Fork(), time, cancel);
        using var node = ServerProcess.Start(program, installation, _port);
        if (await node.WaitReadyAsync(StartLimit, cancel) is null)
            throw new IOException($"The program ended before it answered. It said:\n{node.LastWords}");
        using var clients = new HttpSenders([_port], Clients);
        var load = new FailoverLoad(
            new ShardMap(options.Shards), clients.SendAsync, accounts, Clients, random.Fork(), PauseMs);
        foreach (var server in servers)
        {
            await Task.Delay(Steady, cancel);
            _outages.Add(await StrikeAsync(server, node, load, cancel));
            Print(_outages[^1]);
        }

        await load.EndAsync();
        if (await node.WaitReadyAsync(CatchUpLimit, cancel) is null)
            throw new IOException($"The program ended. It said:\n{node.LastWords}");
        var (exitCode, output) = await (program with { Variables = installation.Variables })
            .RunAsync(["verify", "--deep", "--data", installation.DataFolder], cancel);
        var proof = await LoadProof.ReadAsync(load, installation, random.Fork(), cancel);
        var drained = await node.StopAsync(StartLimit);
        return Report(proof, new Check("verify --deep",
            exitCode == 0, exitCode == 0 ? "every invariant held" : $"exit {exitCode}: {output.Trim()}"), drained);
    }

    // The stand-in keeps its data in memory: it stands still, where the others are killed.
    private async Task<Outage> StrikeAsync(
        LocalServer server, ServerProcess node, FailoverLoad load, CancellationToken cancel)
    {
        load.Begin();
        var before = load.Answered;
        if (server is MongoStandIn) server.Pause();
        else await server.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(options.DownSeconds * (1 - Tail)), cancel);
        var late = load.Answered;
        await Task.Delay(TimeSpan.FromSeconds(options.DownSeconds * Tail), cancel);
        var (during, atTheEnd, gapMs) = (load.Answered - before, load.Answered - late, load.LongestGapMs());
        var backAt = Stopwatch.GetTimestamp();
        if (server is MongoStandIn) server.Continue();
        else await server.StartAsync(cancel);
        while (!load.AnsweredSince(Stopwatch.GetTimestamp() - Stopwatch.Frequency))
        {
            if (Stopwatch.GetElapsedTime(backAt) > CatchUpLimit)
                throw new TimeoutException($"{CatchUpLimit.TotalSeconds:0} s after {server.Name} came back nobody "
                    + $"answers. The program said:\n{node.LastWords}");
            await Task.Delay(20, cancel);
        }

        var answersMs = Stopwatch.GetElapsedTime(backAt).TotalMilliseconds;
        if (await node.WaitReadyAsync(CatchUpLimit, cancel) is null)
            throw new IOException($"The program ended. It said:\n{node.LastWords}");
        return new Outage(server.Name, server is not MySqlServer,
            during, atTheEnd, gapMs, answersMs, Stopwatch.GetElapsedTime(backAt).TotalMilliseconds);
    }

    private void Print(Outage outage)
    {
        if (_outages.Count == 1) Console.WriteLine(
            "away          for, s    answered    longest gap, ms    answers after, ms    ready after, ms");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outage.Engine,-12} {options.DownSeconds,7} "
            + $"{outage.Answered,11:N0} {outage.GapMs,18:0} {outage.AnswersMs,20:0} {outage.ReadyMs,18:0}"));
    }

    private DrillReport Report(LoadProof proof, Check verified, bool drained)
    {
        var stalled = _outages.Where(outage => outage.GoesOn && outage.AnsweredAtTheEnd == 0)
            .Select(outage => outage.Engine).ToArray();
        var answered = _outages.Where(outage => outage.GoesOn)
            .Select(outage => FormattableString.Invariant($"{outage.Engine} {outage.Answered:N0}"));
        var mysql = _outages.Single(outage => !outage.GoesOn);
        return new DrillReport(
            "outage",
            [
                .. proof.Checks, verified,
                new Check("writes go on without Redis, Kafka and MongoDB", stalled.Length == 0, stalled.Length == 0
                    ? $"answered while away: {string.Join(", ", answered)}"
                    : $"none in the last quarter without {string.Join(", ", stalled)}"),
                new Check("without MySQL every write is refused, none is lost",
                    mysql.AnsweredAtTheEnd == 0, $"{mysql.AnsweredAtTheEnd} answered in the last quarter"),
                new Check("drain", drained, "SIGTERM ended the program with exit code 0"),
            ],
            [
                .. proof.Figures,
                .. _outages.Select(outage => new Figure($"ready after {outage.Engine} was back", outage.ReadyMs, "ms")),
            ]);
    }

    private sealed record Outage(
        string Engine, bool GoesOn, int Answered, int AnsweredAtTheEnd, double GapMs, double AnswersMs, double ReadyMs);
}
