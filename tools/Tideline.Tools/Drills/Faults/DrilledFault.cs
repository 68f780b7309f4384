using Tideline.Tools.Load;
using Tideline.Tools.Opponent;

namespace Tideline.Tools.Drills.Faults;

/// <summary>Something that breaks in an installation of real processes, and how it is mended.</summary>
/// <param name="name">As the option names it.</param>
/// <param name="sentence">What it does.</param>
internal abstract class DrilledFault(string name, string sentence)
{
    public string Name => name;

    public string Sentence => sentence;

    /// <summary>Why it cannot be made on an installation; null if it can.</summary>
    public virtual string? WhyNot(RunningBank bank) => null;

    /// <summary>Breaks things while clients work. At the end nothing is broken that mends by itself.</summary>
    public virtual Task StrikeAsync(DrillScene scene, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Does what an operator must do, once the clients have ended.</summary>
    public virtual Task MendAsync(DrillScene scene, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>
    /// Breaks things while nobody works that <c>verify</c> must find, and mends them as the documentation says.
    /// </summary>
    public virtual Task InspectAsync(DrillScene scene, CancellationToken cancel) => Task.CompletedTask;
}

/// <summary>What a fault works on.</summary>
internal sealed record DrillScene(
    RunningBank Bank, Clients Clients, SeededRandom Random, RunLog Log, Violations Violations)
{
    private const int Most = 50;

    /// <summary>A random node.</summary>
    public int Node() => Random.Below(Bank.Nodes);

    /// <summary>Runs <c>verify --deep</c>.</summary>
    /// <returns>Null if every check held; else what did not.</returns>
    public async Task<string?> VerifyAsync()
    {
        var verified = await Clients.AskQuietlyAsync(
            0, "GET", "/v1/ops/consistency?deep=true", patienceMs: OpponentLimits.CheckPatienceMs);
        if (verified.Status != 200) return $"{verified.Status} {verified.Json}";
        if (verified.Answer.GetProperty("ok").GetBoolean()) return null;
        return string.Join("; ", verified.Answer.GetProperty("checks").EnumerateArray()
            .Where(check => !check.GetProperty("ok").GetBoolean())
            .Select(check => $"{check.GetProperty("name")}: {check.GetProperty("detail")}"));
    }

    /// <summary>What clients see of customers and accounts now: what they ask for, and the answer.</summary>
    public async Task<IReadOnlyDictionary<string, string>> SeenAsync()
    {
        var seen = new Dictionary<string, string>();
        foreach (var target in Clients.Known.Customers.Distinct().Take(Most).Select(id => $"/v1/customers/{id}")
            .Concat(Clients.Known.Accounts.Take(Most).Select(account => $"/v1/accounts/{account.Id}")))
        {
            var answered = await Clients.AskQuietlyAsync(0, "GET", target);
            if (answered.Status == 200) seen[target] = answered.Json;
        }

        return seen;
    }

    /// <summary>Requires that <c>verify --deep</c> names a harm.</summary>
    /// <param name="harm">What was done.</param>
    /// <param name="names">What must be named, one of them.</param>
    public async Task RequireFoundAsync(string harm, params string[] names)
    {
        var found = await VerifyAsync();
        Log.Note($"{harm}; verify --deep says: {found ?? "every check held"}");
        if (!names.Any(name => found?.Contains(name, StringComparison.OrdinalIgnoreCase) == true))
        {
            Violations.Add(
                "verify", $"{harm}, and verify --deep does not name '{string.Join("' or '", names)}': {found}");
        }
    }
}
