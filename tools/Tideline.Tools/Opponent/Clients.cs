using System.Text;
using System.Text.Json;
using Tideline.Tools.Load;

namespace Tideline.Tools.Opponent;

/// <summary>Clients that send operations to the nodes of a bank, and note what they were answered.</summary>
/// <param name="bank">The bank.</param>
/// <param name="plan">What the run is.</param>
/// <param name="time">The clients' clock.</param>
/// <param name="log">Collects the history.</param>
internal sealed class Clients(IBankUnderTest bank, RunPlan plan, TimeProvider time, RunLog log)
{
    private readonly KnownBank _known = new();
    private Moves? _moves;
    private int _next;

    /// <summary>What they know of the bank.</summary>
    public KnownBank Known => _known;

    /// <summary>Sends all operations of the plan.</summary>
    public Task RunAsync() => RunAsync(() => _next >= plan.Operations);

    /// <summary>Sends operations until it is enough.</summary>
    public Task RunAsync(Func<bool> isEnough)
    {
        _moves ??= new Moves(_known, plan, new SeededRandom(plan.Seed * 31));
        return Task.WhenAll(Enumerable.Range(0, plan.Clients).Select(client => RunAsync(client, _moves, isEnough)));
    }

    /// <summary>
    /// Sends every command again that has no answer, until it has one: then it was done once, or refused.
    /// </summary>
    public async Task ResolveAsync(CancellationToken cancel = default)
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
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancel);
            }
        }
    }

    /// <summary>Sends one more operation, to any node that answers.</summary>
    public async Task<Operation> AskAsync(
        OperationKind kind, string method, string target, string consistency = "", bool isPatient = false,
        Guid subject = default, bool isWalk = false)
    {
        var operation = new Draw(_next++, 0, 0, new SeededRandom(0)).Plain(kind, method, target) with
        { Consistency = consistency, Subject = subject, IsWalk = isWalk };
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
    public async Task<Operation> AskQuietlyAsync(
        int node, string method, string target, string? body = null, int patienceMs = OpponentLimits.ClientPatienceMs)
    {
        var operation = new Draw(0, 0, 0, new SeededRandom(0)).Plain(
            OperationKind.Resolve, method, target, body ?? (method == "POST" ? "{}" : null));
        await SendToAsync(operation, node, patienceMs);
        return operation;
    }

    private async Task RunAsync(int client, Moves moves, Func<bool> isEnough)
    {
        while (!isEnough())
        {
            var number = _next++;
            var random = new SeededRandom(plan.Seed * 7_919 + (ulong)number);
            await Task.Delay(TimeSpan.FromMicroseconds(random.Below(plan.ThinkUs)), time);
            if (plan.Without.Contains(number)) continue;
            var operation = moves.Next(number, client, NowUs(), random);
            var sent = SendAsync(operation, random.Below(bank.Nodes));
            await BesideAsync(client, moves, operation.Parts is [var first, ..] ? first : operation, random);
            await sent;
            _known.Learn(operation);
            foreach (var part in operation.Parts) _known.Learn(part);
            // At once, as an application does with what it has just written.
            if (moves.Follow(_next, client, operation, random) is not { } read
                || plan.Without.Contains(_next++)) continue;
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
                0 => 0,
                1 => random.Below(OpponentLimits.BesideUs / 10),
                _ => random.Below(OpponentLimits.BesideUs),
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
        (operation.BeganUs, operation.HeadsBefore) = (bank.ElapsedUs, bank.Heads());
        log.Add(operation);
        log.NoteHeads(operation.HeadsBefore);
        foreach (var part in operation.Parts)
        {
            (part.Node, part.BeganUs, part.HeadsBefore) = (node, operation.BeganUs, operation.HeadsBefore);
            log.Add(part);
        }

        await SendToAsync(operation, node, patienceMs ?? OpponentLimits.ClientPatienceMs);
        (operation.EndedUs, operation.AnsweredUs, operation.HeadsAfter) = (bank.ElapsedUs, NowUs(), bank.Heads());
        foreach (var part in operation.Parts)
            (part.EndedUs, part.AnsweredUs, part.HeadsAfter) =
                (operation.EndedUs, operation.AnsweredUs, operation.HeadsAfter);
        bank.Note((ulong)operation.Status + (ulong)operation.Number);
    }

    private async Task SendToAsync(Operation operation, int node, int patienceMs)
    {
        List<(string, string)> headers = [];
        if (operation.Key is { } key) headers.Add(("Idempotency-Key", key));
        if (operation.Consistency.Length > 0) headers.Add(("Tideline-Consistency", operation.Consistency));
        if (operation.After is { Token.Length: > 0 } after) headers.Add(("Tideline-Token", after.Token));
        try
        {
            var answer = bank.SendAsync(node, operation.Method, operation.Target, headers, operation.Body);
            Read(operation, await answer.WaitAsync(TimeSpan.FromMilliseconds(patienceMs), time));
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

            var target = $"{operation.Target}&cursor={Uri.EscapeDataString(cursor)}";
            var next = bank.SendAsync(node, operation.Method, target, headers, null);
            Read(operation, await next.WaitAsync(
                TimeSpan.FromMilliseconds(OpponentLimits.ClientPatienceMs), time));
        }

        // Longer than a client reads: what it has is no whole list.
        if (operation.Status == 200)
            operation.Answer = JsonSerializer.SerializeToElement(new { items, nextCursor = "not read" });
    }

    private static void Read(Operation operation, BankAnswer answer)
    {
        (operation.Status, operation.Token, operation.ServedBy) = (answer.Status, answer.Token, answer.ServedBy);
        if (answer.Body.Length == 0) return;
        if (operation.Parts.Count > 0 && answer.Status == 200)
        {
            ReadLines(operation, answer);
            return;
        }

        using var json = JsonDocument.Parse(answer.Body);
        operation.Answer = json.RootElement.Clone();
    }

    // A line of the batch that has no answer stays open, as a request of its own would.
    private static void ReadLines(Operation batch, BankAnswer answer)
    {
        var lines = Encoding.UTF8.GetString(answer.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in lines)
        {
            using var json = JsonDocument.Parse(line);
            var number = json.RootElement.GetProperty("line").GetInt32();
            if (number > batch.Parts.Count) continue;
            var part = batch.Parts[number - 1];
            (part.Status, part.Answer) =
                (json.RootElement.GetProperty("status").GetInt32(), json.RootElement.Clone());
        }
    }

    private long NowUs() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10;
}
