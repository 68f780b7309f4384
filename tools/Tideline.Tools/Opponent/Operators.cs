using Tideline.Tools.Load;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Operators at the end of a run: they look what of the views was damaged, and mend it in one of the documented ways.
/// Nothing damaged may go unnoticed, and nothing that nobody damaged may wait.
/// </summary>
internal sealed class Operators(
    SimulatedBank bank, Clients clients, Damages damages, RunLog log, TimeProvider time, Violations violations)
{
    public async Task MendAsync(SeededRandom random)
    {
        if (!await AreViewsLevelAsync())
        {
            violations.Add("I6", "The views do not come level beside damaged documents");
            return;
        }

        // What is put back lacks what waits as letters, and nothing else.
        foreach (var damaged in damages.Standing.Where(each => !each.IsRemoved && random.Percent(50)).ToList())
            damages.PutBack(damaged);
        // Nobody reads any more, so a document may be sound and wrong.
        for (var edit = random.Percent(50) ? 0 : 1 + random.Below(3); edit > 0; edit--) damages.Edit(random);
        var waiting = await WaitingAsync();
        foreach (var (projection, key) in waiting.Except(damages.Keys))
            violations.Add("I8", $"Events of {key} of {projection} wait, and nobody damaged its document");
        if (!damages.Keys.Any()) return;
        await CheckNamedAsync(waiting);
        var way = random.Below(4);
        log.Note($"operators mend {damages.Keys.Count()} documents, {waiting.Count} with letters, in way {way}");
        switch (way)
        {
            case 0:
                // What was put back lacks nothing but its letters; what is damaged still needs more.
                await AskAsync("/v1/ops/dlq/replay", "{}");
                await RepairAsync(damages.Doubtful.Select(each => (each.Projection, each.Key))
                    .Concat(await WaitingAsync()));
                break;
            case 1:
                foreach (var (projection, key) in waiting)
                    await AskAsync(
                        $"/v1/ops/dlq/{key}/discard", $"{{\"reason\":\"a test\",\"projection\":\"{projection}\"}}");
                await RepairAsync(damages.Keys);
                break;
            case 2:
                await RebuildAsync(damages.Doubtful.Select(each => each.Projection)
                    .Concat(waiting.Select(each => each.Projection)));
                break;
            default:
                await RepairAsync(damages.Keys);
                break;
        }

        if (await WaitingAsync() is { Count: > 0 } left)
            violations.Add("I8", $"Events still wait after everything was mended: {string.Join(", ", left)}");
        foreach (var standing in damages.Standing)
            violations.Add("I8", $"Document {standing} is still damaged after everything was mended");
    }

    // Every document that is damaged is named to whoever asks, and no other one.
    private async Task CheckNamedAsync(HashSet<(string Projection, string Key)> waiting)
    {
        var verified = await clients.AskAsync(
            OperationKind.Resolve, "GET", "/v1/ops/consistency?deep=true", isPatient: true);
        if (verified.Status != 200)
        {
            violations.Add("I6", $"Nothing can be verified beside damaged documents: {verified.Json}", verified);
            return;
        }

        var findings = Findings.Of(verified).ToList();
        foreach (var each in damages.Standing.Where(each => !waiting.Contains((each.Projection, each.Key))))
        {
            // What is named for a customer stands for the customer's movements, too: one repair mends both.
            if (!findings.Exists(found => found.Finding.Contains(each.Id, StringComparison.Ordinal)
                || found.Finding.Contains(each.Key, StringComparison.Ordinal)))
                violations.Add("I8", $"Document {each} is damaged, and verify --deep does not name it", verified);
        }

        var names = damages.Doubtful.Select(each => each.IsRemoved ? each.Id : $"{each.Id} of {each.Name}")
            .Concat(waiting.Select(each => each.Key)).ToList();
        foreach (var (law, finding) in findings)
        {
            if (!names.Exists(name => finding.Contains(name, StringComparison.Ordinal)))
                violations.Add("I8", $"Nobody damaged what verify --deep finds: {law}: {finding}", verified);
        }
    }

    private async Task RepairAsync(IEnumerable<(string Projection, string Key)> keys)
    {
        foreach (var (projection, key) in keys.Distinct().ToList())
        {
            var repaired = await AskAsync(
                $"/v1/ops/projections/repair/{key}", $"{{\"projection\":\"{projection}\"}}");
            if (repaired.Status != 200 || repaired.Text("reason").Length > 0)
                violations.Add("I8", $"{key} of {projection} cannot be repaired: {repaired.Status} {repaired.Json}");
        }
    }

    private async Task RebuildAsync(IEnumerable<string> projections)
    {
        foreach (var projection in projections.Distinct().ToList())
        {
            var phase = "";
            for (var second = 0; second < OpponentLimits.QuietSeconds && phase != "switched"; second++)
            {
                // One that fails, as beside a process that takes over, is begun again.
                if (phase is "" or "failed" or "refused")
                    await AskAsync(
                        "/v1/ops/projections/rebuild", $"{{\"projection\":\"{projection}\",\"force\":true}}");
                await Task.Delay(TimeSpan.FromSeconds(1), time);
                var asked = await clients.AskQuietlyAsync(
                    await BuilderAsync(), "GET", $"/v1/ops/projections/rebuild?projection={projection}");
                phase = asked.Status != 200 ? phase
                    : asked.Answer.GetProperty("items")[0].GetProperty("phase").GetString()!;
            }

            if (phase != "switched") violations.Add("I8", $"The rebuild of {projection} does not end: {phase}");
        }
    }

    // Of the process that builds the views.
    private async Task<HashSet<(string Projection, string Key)>> WaitingAsync()
    {
        var list = await AskAsync("/v1/ops/dlq", method: "GET");
        if (list.Status != 200)
        {
            violations.Add("I6", $"The dead letters cannot be listed: {list.Status} {list.Json}");
            return [];
        }

        return [.. list.Answer.GetProperty("items").EnumerateArray()
                .Where(item => item.GetProperty("source").GetString() == "views")
                .Select(item => (item.GetProperty("projection").GetString()!, item.GetProperty("key").GetString()!))];
    }

    private async Task<bool> AreViewsLevelAsync()
    {
        for (var second = 0; second < OpponentLimits.QuietSeconds; second++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), time);
            var lag = await clients.AskQuietlyAsync(await BuilderAsync(), "GET", "/v1/ops/lag");
            if (lag.Status == 200 && lag.Answer.GetProperty("items").EnumerateArray()
                .All(shard => shard.GetProperty("lagEvents").GetInt64() == 0)) return true;
        }

        return false;
    }

    // A process that has just taken over asks for patience.
    private async Task<Operation> AskAsync(string target, string? body = null, string method = "POST")
    {
        for (var attempt = 1; ; attempt++)
        {
            var answered = await clients.AskQuietlyAsync(await BuilderAsync(), method, target, body);
            if (answered.Status != 503 || attempt == OpponentLimits.ResolveAttempts) return answered;
            await Task.Delay(TimeSpan.FromSeconds(1), time);
        }
    }

    // The owner of shard 0 builds the views.
    private async Task<int> BuilderAsync()
    {
        for (var second = 0; second < OpponentLimits.QuietSeconds; second++)
        {
            for (var node = 0; node < bank.Nodes; node++)
                if (bank.Node(node)?.Node is { } there && there.Ledger.Owns(0)) return node;
            await Task.Delay(TimeSpan.FromSeconds(1), time);
        }

        return 0;
    }
}
