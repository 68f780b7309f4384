using Tideline.Kernel;
using Tideline.Tools.Load;
using Tideline.Tools.Opponent;

namespace Tideline.Tools.Drills.Faults;

/// <summary>Checks a history of real processes against the events in the ledger, once they have ended.</summary>
internal sealed class HistoryChecks(Installation installation, RunLog log, Violations violations)
{
    private const int Page = 1_000;

    public async Task RunAsync(CancellationToken cancel)
    {
        var facts = await FactsAsync(cancel);
        var heads = new long[installation.Shards];
        foreach (var fact in facts) heads[fact.Shard] = fact.Seq;
        var model = new BankModel(facts, violations);
        new SeenOrder(model, log.Operations, heads).Write(log);
        new AnswerChecks(model, log, hasClocks: false, violations).Run();
        new ReadChecks(model, log, hasClocks: false, violations).Run();
    }

    private async Task<List<Fact>> FactsAsync(CancellationToken cancel)
    {
        var facts = new List<Fact>();
        await using var store = await installation.OpenLedgerAsync(cancel);
        for (var shard = 0; shard < installation.Shards; shard++)
        {
            await using var reader = store.OpenReader(shard);
            for (var seq = 0L; await reader.GetEventsAsync(seq, Page, cancel) is { Count: > 0 } page;)
            {
                facts.AddRange(page.Select(happened => new Fact(
                    shard, happened.Position.Seq, EventTypes.All.First(kind => kind.Type == happened.Type).Name,
                    happened.Subject, happened.Version, happened.TimeUs, happened.Data)));
                seq = page[^1].Position.Seq;
            }
        }

        return facts;
    }
}
