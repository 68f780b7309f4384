using System.Diagnostics;
using Tideline.Tools.Figures;
using Tideline.Tools.Load;
using Tideline.Tools.Servers;

namespace Tideline.Tools.Drills;

/// <summary>
/// Kills the real program under load, again and again, and proves that nothing acknowledged was lost or done twice.
/// </summary>
/// <remarks>
/// <code>
/// 1 set up ─► 2 load ∥ (start, kill)* ─► 3 start, settle, repeat ─► 4 wait until quiet, verify ─► 5 stop, prove
/// </code>
/// </remarks>
internal sealed class CrashDrill(DrillOptions options, TimeProvider time)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PointLimit = TimeSpan.FromSeconds(20);
    private readonly int _port = LoopbackPort.Next();
    private readonly ServerGate _gate = new();
    private readonly KillLog _kills = new();
    private bool _drained;

    /// <summary>Runs the drill.</summary>
    /// <exception cref="IOException">The program could not be started or set up.</exception>
    /// <exception cref="TimeoutException">The program did not answer in time.</exception>
    public async Task<DrillReport> RunAsync(CancellationToken cancel)
    {
        var program = HostProgram.Find(options.HostPath);
        using var folder = new TemporaryFolder("drill", options.DataFolder);
        await using var installation = new Installation(
            Path.Combine(folder.Path, "data"), options.Shards, options.Cluster);
        var random = new SeededRandom(options.Seed);
        var bank = new DrillBank(random.Fork(), options.Shards);
        var clients = Enumerable.Range(0, options.Connections).Select(client => new DrillClient(
            _port, new OperationPlan(client, random.Fork(), bank, options.Shards, time),
            random.Fork(), _gate)).ToArray();
        var unsteadiness = new FaultInjector(_port, bank, random.Fork(), _gate);
        try
        {
            // :: Step 1
            await SetUpAsync(program, installation, bank, clients[0], cancel);

            // :: Step 2
            await LoadAndKillAsync(
                program, installation, clients, unsteadiness, Kill.Plan(options.Kills, random.Fork()), cancel);

            // :: Steps 3 and 4
            using var server = await StartAsync(program, installation, crashAt: null, cancel)
                ?? throw new IOException("The program ended by itself after the last kill.");
            await unsteadiness.OpenAllAsync(cancel);
            var repeats = await SettleAsync(clients, random.Fork(), cancel);
            var quiet = await QuiesceWait.WaitAsync(installation, time, cancel);
            var verified = await VerifyAsync(program, installation, cancel);
            _drained = await server.StopAsync(StartLimit);

            // :: Step 5
            var operations = clients.SelectMany(client => client.Sent).ToArray();
            var books = await Books.ReadAsync(installation, bank, cancel);
            return Report(operations, new Proof(operations, books),
                [repeats, quiet, verified, new Check("drain", _drained, "SIGTERM ended the program with exit code 0")]);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    private async Task SetUpAsync(
        HostProgram program, Installation installation, DrillBank bank, DrillClient client, CancellationToken cancel)
    {
        using var server = ServerProcess.Start(program, installation, _port);
        if (await server.WaitReadyAsync(StartLimit, cancel) is null)
            throw new IOException($"The program ended before it answered. It said:\n{server.LastWords}");
        using var connection = await HttpConnection.OpenAsync(_port, cancel);
        await bank.OpenAsync(connection, cancel);
        foreach (var deposit in bank.Funding())
        {
            client.Sent.Add(deposit);
            await client.SettleAsync(deposit, cancel);
        }

        await server.StopAsync(StartLimit);
    }

    private async Task LoadAndKillAsync(
        HostProgram program, Installation installation,
        DrillClient[] clients, FaultInjector unsteadiness, IReadOnlyList<Kill> plan, CancellationToken cancel)
    {
        using var stop = new CancellationTokenSource();
        var load = clients.Select(client => client.RunAsync(stop.Token, cancel))
            .Append(unsteadiness.RunAsync(stop.Token, cancel)).ToArray();
        for (var index = 0; index < plan.Count; index++)
        {
            // A node is ready before its views are open: on a busy machine a point of theirs may not be passed as often
            // in time.
            if (!await KillOnceAsync(program, installation, plan[index], cancel))
                await KillOnceAsync(program, installation, plan[index] with { Count = 1 }, cancel);
            if (!Console.IsOutputRedirected) Console.WriteLine(
                $"kill {index + 1} of {plan.Count}: {plan[index].CrashAt ?? $"after {plan[index].AfterMs} ms"}");
        }

        // Clients that wait for the program get a last one, to finish what they have begun.
        using var server = await StartAsync(program, installation, crashAt: null, cancel);
        await stop.CancelAsync();
        await Task.WhenAll(load);
        _gate.Close();
        if (server is not null) await server.KillAsync();
    }

    // False: the point was not passed so often, and the program was killed from outside.
    private async Task<bool> KillOnceAsync(
        HostProgram program, Installation installation, Kill kill, CancellationToken cancel)
    {
        using var server = await StartAsync(program, installation, kill.CrashAt, cancel);
        var reached = true;
        if (server is not null)
        {
            if (kill.Point is null) await Task.Delay(kill.AfterMs, cancel);
            else reached = await server.WaitForExitAsync(PointLimit, cancel);
            _gate.Close();
            await server.KillAsync();
        }

        _kills.Add(kill, reached);
        return reached;
    }

    // Null when it ended before it answered, as a crash point passed during recovery makes it do.
    private async Task<ServerProcess?> StartAsync(
        HostProgram program, Installation installation, string? crashAt, CancellationToken cancel)
    {
        var server = ServerProcess.Start(program, installation, _port, crashAt);
        try
        {
            if (await server.WaitReadyAsync(StartLimit, cancel) is { } recovery)
            {
                _kills.Recoveries.AddTicks((long)(recovery.TotalSeconds * Stopwatch.Frequency));
                _gate.Open();
                return server;
            }

            if (crashAt is null)
                throw new IOException($"The program ended before it answered. It said:\n{server.LastWords}");
        }
        catch
        {
            server.Dispose();
            throw;
        }

        server.Dispose();
        return null;
    }

    private static async Task<Check> SettleAsync(DrillClient[] clients, SeededRandom random, CancellationToken cancel)
    {
        const int Sample = 400;
        var operations = clients.SelectMany(client => client.Sent).ToArray();
        // Half of what is unknown is sent again with its key; the other half stays unknown, for the proof that it
        // happened at most once.
        foreach (var unknown in operations.Where(
            operation => operation.State == OperationState.Unknown && operation.Repeatable).ToArray())
        {
            if (random.Percent(50)) await clients[0].SettleAsync(unknown, cancel);
        }

        var settled = operations.Where(operation => operation.State is OperationState.Done or OperationState.Refused
            && operation.Repeatable).ToArray();
        var different = new List<string>();
        for (var index = 0; index < Math.Min(Sample, settled.Length); index++)
        {
            var operation = settled[random.Below(settled.Length)];
            var again = await clients[0].RepeatAsync(operation, cancel);
            if (again.Status != operation.Answer!.Status || !again.Body.AsSpan().SequenceEqual(operation.Answer.Body))
                different.Add($"{operation.Key}: first {operation.Answer.Status} {operation.Answer.Text}, then "
                    + $"{again.Status} {again.Text}");
        }

        return new Check("I4 same key, same outcome", different.Count == 0,
            different.Count == 0 ? $"{Math.Min(Sample, settled.Length)} repeats answered the same bytes"
            : string.Join("; ", different.Take(3)));
    }

    private static async Task<Check> VerifyAsync(
        HostProgram program, Installation installation, CancellationToken cancel)
    {
        var (exitCode, output) = await (program with { Variables = installation.Variables })
            .RunAsync(["verify", "--deep", "--data", installation.DataFolder], cancel);
        return new Check("verify --deep",
            exitCode == 0, exitCode == 0 ? "every invariant held" : $"exit {exitCode}: {output.Trim()}");
    }

    private DrillReport Report(Operation[] operations, Proof proof, IReadOnlyList<Check> checks)
    {
        var acknowledged = operations.Count(operation => operation.State != OperationState.Unknown);
        Figure[] figures =
        [
            new("kills", _kills.Count, "kills"), .. _kills.PerPoint(),
            new("requests", operations.Length, "requests"), new("acknowledged", acknowledged, "requests"),
            new("unknown at the end", operations.Length - acknowledged, "requests"),
            new("sent again after a kill", operations.Count(
                operation => operation.Unanswered > 0 && operation.State != OperationState.Unknown), "requests"),
            new("compensated transfers", proof.Compensated, "transfers"),
            new("lost", proof.Lost.Count, "requests", Target: Target.Max(0)),
            new("duplicated", proof.Duplicated.Count, "requests", Target: Target.Max(0)),
            new("recovery p50", _kills.Recoveries.Ms(0.5), "ms"), new("recovery max", _kills.Recoveries.Ms(1), "ms"),
        ];
        return new DrillReport("crash", [.. proof.Checks(), .. checks, _kills.Coverage(options.Kills)], figures);
    }
}
