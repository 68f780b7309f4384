using System.Text.Json;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Opponent;

/// <summary>Clients that send operations to the nodes of a bank, and note what they were answered.</summary>
internal sealed class Clients(SimulatedBank bank, RunPlan plan, World world, TimeProvider time, RunLog log)
{
    private readonly KnownBank _known = new();
    private int _next;

    /// <summary>Sends all operations of the plan.</summary>
    public Task RunAsync()
    {
        var moves = new Moves(_known, new SeededRandom(plan.Seed * 31));
        return Task.WhenAll(Enumerable.Range(0, plan.Clients).Select(client => RunAsync(client, moves)));
    }

    /// <summary>
    /// Sends every command again that has no answer, until it has one: then it was done once, or refused.
    /// </summary>
    public async Task ResolveAsync()
    {
        var open = log.Operations.Where(operation => operation.Key is not null)
            .GroupBy(operation => (operation.Key, operation.Target, operation.Body))
            .Where(group => group.All(operation => operation.Ending == Ending.Unknown || operation.Status == 202))
            .Select(group => group.First()).ToList();
        foreach (var operation in open)
        {
            for (var attempt = 0; attempt < OpponentLimits.ResolveAttempts; attempt++)
            {
                var again = new Draw(_next, 0, 0, new SeededRandom(0)).Again(operation);
                _next++;
                await SendAsync(again, attempt % bank.Nodes);
                if (again.Ending != Ending.Unknown && again.Status != 202) break;
                await Task.Delay(TimeSpan.FromSeconds(1), time);
            }
        }
    }

    /// <summary>Sends one more operation, to any node that answers.</summary>
    public async Task<Operation> AskAsync(
        OperationKind kind, string method, string target, string consistency = "", bool isPatient = false)
    {
        var operation = new Draw(_next++, 0, 0, new SeededRandom(0)).Plain(kind, method, target) with
        { Consistency = consistency };
        await SendAsync(operation, operation.Number % bank.Nodes, isPatient ? OpponentLimits.CheckPatienceMs : null);
        return operation;
    }

    /// <summary>Sends a command again, to any node.</summary>
    public async Task<Operation> AskAgainAsync(Operation operation)
    {
        var again = new Draw(_next++, 0, 0, new SeededRandom(0)).Again(operation);
        await SendAsync(again, again.Number % bank.Nodes);
        return again;
    }

    /// <summary>Asks a node something that is no part of the history.</summary>
    public async Task<Operation> AskQuietlyAsync(int node, string method, string target, string? body = null)
    {
        var operation = new Draw(0, 0, 0, new SeededRandom(0)).Plain(
            OperationKind.Resolve, method, target, body ?? (method == "POST" ? "{}" : null));
        await SendToAsync(operation, node, OpponentLimits.ClientPatienceMs);
        return operation;
    }

    private async Task RunAsync(int client, Moves moves)
    {
        while (_next < plan.Operations)
        {
            var number = _next++;
            var random = new SeededRandom(plan.Seed * 7_919 + (ulong)number);
            await Task.Delay(TimeSpan.FromMicroseconds(random.Below(OpponentLimits.ThinkUs)), time);
            if (plan.Without.Contains(number)) continue;
            var operation = moves.Next(number, client, NowUs(), random);
            var sent = SendAsync(operation, random.Below(bank.Nodes));
            await BesideAsync(client, moves, operation, random);
            await sent;
            _known.Learn(operation);
            // At once, as an application does with what it has just written.
            if (moves.Follow(_next, client, operation, random) is not { } read) continue;
            _next++;
            if (read.Consistency == OpponentLimits.Bound)
                await Task.Delay(TimeSpan.FromMilliseconds(OpponentLimits.AfterBoundMs), time);
            await SendAsync(read, random.Below(bank.Nodes));
        }
    }

    // Before the operation has its answer.
    private async Task BesideAsync(int client, Moves moves, Operation operation, SeededRandom random)
    {
        for (var before = (Operation?)null; ;)
        {
            // Most requests take a few milliseconds, and longer where calls are slow.
            var afterUs = random.Below(4) switch
            {
                0 => 0, 1 => random.Below(OpponentLimits.BesideUs / 10), _ => random.Below(OpponentLimits.BesideUs),
            };
            await Task.Delay(TimeSpan.FromMicroseconds(afterUs), time);
            before = moves.Beside(_next, client, NowUs(), operation, before, random);
            if (before is null || plan.Without.Contains(_next++)) return;
            await SendAsync(before, random.Below(bank.Nodes));
            _known.Learn(before);
        }
    }

    private async Task SendAsync(Operation operation, int node, int? patienceMs = null)
    {
        operation.Node = node;
        (operation.BeganUs, operation.HeadsBefore) = (VirtualUs(), bank.Heads());
        log.Add(operation);
        log.NoteHeads(operation.HeadsBefore);
        await SendToAsync(operation, node, patienceMs ?? OpponentLimits.ClientPatienceMs);
        (operation.EndedUs, operation.HeadsAfter) = (VirtualUs(), bank.Heads());
        world.Note((ulong)operation.Status + (ulong)operation.Number);
    }

    private async Task SendToAsync(Operation operation, int node, int patienceMs)
    {
        List<(string, string)> headers = [];
        if (operation.Key is { } key) headers.Add(("Idempotency-Key", key));
        if (operation.Consistency.Length > 0) headers.Add(("Tideline-Consistency", operation.Consistency));
        if (operation.After is { } after) headers.Add(("Tideline-Token", after.Token));
        try
        {
            var sent = bank.Node(node) is { } alive
                ? alive.SendAsync(new HttpExchange(operation.Method, operation.Target, headers, operation.Body))
                : Task.FromException<HttpExchange>(new ConnectionLostException($"node {node}"));
            var answer = await sent.WaitAsync(TimeSpan.FromMilliseconds(patienceMs), time);
            Read(operation, answer);
            if (operation.IsWalk) await WalkAsync(operation, node, headers);
        }
        // A stream that ends in the middle is no answer.
        catch (Exception lost) when (lost is ConnectionLostException or TimeoutException or JsonException)
        {
            operation.Status = 0;
        }
    }

    // The rest of the list, page by page, into one answer.
    private async Task WalkAsync(Operation operation, int node, List<(string, string)> headers)
    {
        List<JsonElement> items = [];
        for (var page = 0; operation.Status == 200 && page < OpponentLimits.WalkPages; page++)
        {
            items.AddRange(operation.Answer.GetProperty("items").EnumerateArray());
            if (operation.Text("nextCursor") is not { Length: > 0 } cursor)
            {
                operation.Answer = JsonSerializer.SerializeToElement(
                    new { items, nextCursor = (string?)null });
                return;
            }

            if (bank.Node(node) is not { } alive) throw new ConnectionLostException($"node {node}");
            var target = $"{operation.Target}&cursor={Uri.EscapeDataString(cursor)}";
            var next = alive.SendAsync(new HttpExchange(operation.Method, target, headers, null));
            Read(operation, await next.WaitAsync(
                TimeSpan.FromMilliseconds(OpponentLimits.ClientPatienceMs), time));
        }
    }

    private static void Read(Operation operation, HttpExchange answer)
    {
        operation.Status = answer.Status;
        operation.Token = answer.Header("Tideline-Token");
        operation.ServedBy = answer.Header("Tideline-Served-By");
        if (answer.Answer.Length == 0) return;
        using var json = JsonDocument.Parse(answer.Answer);
        operation.Answer = json.RootElement.Clone();
    }

    private long VirtualUs() => world.NowTicks / 10;

    private long NowUs() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10;
}
