using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Tools.Opponent;

/// <summary>
/// The end of some runs: a shard loses the newest of what it had acknowledged, as when a replica that was behind is
/// promoted. Nothing may be built on that, and nothing of it may be shown as the truth.
/// </summary>
internal sealed class LostTail(
    SimulatedBank bank, Clients clients, BankModel model, RunLog log, TimeProvider time, Violations violations)
{
    public async Task RunAsync(SeededRandom random)
    {
        var shards = model.Accounts.Values.Select(account => account.Shard).Distinct().Order().ToList();
        if (shards.Count == 0) return;
        var shard = shards[random.Below(shards.Count)];
        for (var node = 0; node < bank.Nodes; node++) bank.Kill(node);
        var before = bank.Disks.Ledger.DurableSeq(shard);
        var after = bank.Disks.Ledger.LoseEvents(shard, 1 + random.Below(4));
        log.Note($"all nodes are killed, and shard {shard} loses its events {after + 1} to {before}");
        if (random.Percent(25)) await BuildOnItAsync(shard);
        else for (var node = 0; node < bank.Nodes; node++) await StartAsync(node);
        // Those that lost something; if it was another thing, the oldest account.
        var own = model.Accounts.Values.Where(account => account.Shard == shard)
            .OrderBy(account => account.States[0].Fact.Seq).ToList();
        var accounts = own.FindAll(account => account.Now.Fact.Seq > after);
        if (accounts.Count == 0) accounts = own[..1];
        var outage = random.Percent(50) ? ForgetAsync(random) : Task.CompletedTask;
        for (var second = 0; second < OpponentLimits.LostTailSeconds; second++)
        {
            await CheckAsync(second % bank.Nodes, shard, accounts[second % accounts.Count]);
            await Task.Delay(TimeSpan.FromSeconds(1), time);
        }

        await outage;
    }

    // The nodes closed the shard at their start; then whoever saw the tail is away.
    private async Task ForgetAsync(SeededRandom random)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(random.Below(LedgerLimits.LeaseMs)), time);
        log.Note("log and views are away for a while");
        bank.Disks.Outages.Begin("log");
        bank.Disks.Outages.Begin("views");
        await Task.Delay(TimeSpan.FromMilliseconds(OpponentLimits.ForgottenTailMs), time);
        bank.Disks.Outages.End("log");
        bank.Disks.Outages.End("views");
        log.Note("log and views are back");
    }

    // While whoever saw the tail is away, nobody can know; and what is built meanwhile may be as long as what was lost.
    private async Task BuildOnItAsync(int shard)
    {
        bank.Disks.Outages.Begin("log");
        bank.Disks.Outages.Begin("views");
        for (var node = 0; node < bank.Nodes; node++) await StartAsync(node);
        var account = model.Accounts.Values
            .FirstOrDefault(account => account.Shard == shard && account.Now.Version > 1);
        for (var change = 0; account is not null && change < OpponentLimits.LostTailSeconds; change++)
        {
            await clients.AskQuietlyAsync(
                change % bank.Nodes, "PATCH", $"/v1/accounts/{account.Id}",
                change % 2 == 0 ? "{\"status\":\"frozen\"}" : "{\"status\":\"open\"}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time);
        }

        bank.Disks.Outages.End("log");
        bank.Disks.Outages.End("views");
        await Task.Delay(TimeSpan.FromSeconds(OpponentLimits.LostTailSeconds), time);
    }

    // A node whose shards are all lost does not start.
    private async Task StartAsync(int node)
    {
        try
        {
            await bank.StartAsync(node);
        }
        catch (TidelineException refused)
        {
            log.Note($"node {node} does not start: {refused.Message}");
            bank.Kill(node);
        }
    }

    private async Task CheckAsync(int node, int shard, ModelAccount account)
    {
        var read = await clients.AskQuietlyAsync(node, "GET", $"/v1/accounts/{account.Id}");
        if (read.Status == 200 && account.At(read.Answer.GetProperty("version").GetInt64()) != account.Now)
            violations.Add("I3", $"Shard {shard} lost acknowledged events and is read: {read.Json}");
        var status = await clients.AskQuietlyAsync(
            node, "PATCH", $"/v1/accounts/{account.Id}",
            account.Now.Status == "frozen" ? "{\"status\":\"open\"}" : "{\"status\":\"frozen\"}");
        if (status.Status == 200)
            violations.Add("I3", $"Shard {shard} lost acknowledged events and is built upon: {status.Json}");
    }
}
