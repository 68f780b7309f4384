using Tideline.Tools.Load;

namespace Tideline.Tools.Opponent;

/// <summary>Waits until nothing is under way any more: sagas have ended and the views are level.</summary>
internal sealed class Quiet(Clients clients, IBankUnderTest bank, TimeProvider time, int stepMs = 2_000)
{
    /// <summary>What it waited for last; empty: nothing.</summary>
    public string WaitedFor { get; private set; } = "";

    /// <summary>Waits, and says what never ended.</summary>
    public async Task WaitAsync(Violations violations, CancellationToken cancel = default)
    {
        string? why = "";
        for (var ms = 0; ms < OpponentLimits.QuietSeconds * 1_000 && why is not null; ms += stepMs)
        {
            var before = bank.Heads();
            await Task.Delay(TimeSpan.FromMilliseconds(stepMs), time, cancel);
            why = await WhyNotAsync() ?? (bank.Heads().SequenceEqual(before) ? null : "events are still written");
            WaitedFor = why ?? WaitedFor;
        }

        if (why is not null) violations.Add("I6", $"After {OpponentLimits.QuietSeconds} s without faults: {why}");
    }

    private static string Faults(Operation health) => health.Status == 0 ? "it does not answer"
        : string.Join("; ", health.Answer.GetProperty("checks").EnumerateArray()
            .Where(check => !check.GetProperty("ok").GetBoolean())
            .Select(check => $"{check.GetProperty("name")}: {check.GetProperty("detail")}"));

    private async Task<string?> WhyNotAsync()
    {
        for (var node = 0; node < bank.Nodes; node++)
        {
            var health = await clients.AskQuietlyAsync(node, "GET", "/health/detail");
            if (health.Status != 200) return $"node {node} is not sound: {Faults(health)}";
        }

        // Its event would fall into the checks.
        if (bank.IsExpiryNear) return "a hold is about to expire";
        var sagas = await clients.AskQuietlyAsync(0, "GET", "/v1/ops/sagas");
        if (sagas.Status != 200) return $"the sagas cannot be listed: {sagas.Json}";
        foreach (var saga in sagas.Answer.GetProperty("items").EnumerateArray())
        {
            var state = saga.GetProperty("state").GetString();
            if (state == "suspended") continue;
            // The engines were away for so long that it waits for an operator.
            if (state == "parked")
                await clients.AskQuietlyAsync(0, "POST", $"/v1/ops/sagas/{saga.GetProperty("sagaId")}/retry");
            return $"a saga is {state}: {saga.GetRawText()}";
        }

        var lag = await clients.AskQuietlyAsync(0, "GET", "/v1/ops/lag");
        return lag.Status == 200 && lag.Answer.GetProperty("items").EnumerateArray()
            .All(shard => shard.GetProperty("lagEvents").GetInt64() == 0)
            ? null : $"the views are behind: {lag.Json}";
    }
}
