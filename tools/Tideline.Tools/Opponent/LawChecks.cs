using Tideline.Kernel;
using Tideline.Tools.Simulation;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Tools.Opponent;

/// <summary>
/// Checks a run that has become quiet: the events are a history that the model allows, every answer fits it, and all
/// stores hold it.
/// </summary>
internal sealed class LawChecks(
    SimulatedBank bank, Clients clients, RunLog log, TimeProvider time, bool hasClocks, Violations violations)
{
    /// <summary>Checks everything, and returns the model of what happened.</summary>
    public async Task<BankModel> RunAsync()
    {
        await WaitForLogAsync();
        // Every list once more, whole, to be checked as every other read is.
        foreach (var customer in clients.Known.Customers.Distinct().ToList())
        {
            await clients.AskAsync(
                OperationKind.ReadMovements, "GET", $"/v1/transactions?customerId={customer}&limit=7", "strong",
                subject: customer, isWalk: true);
        }

        var facts = Facts().ToList();
        var model = new BankModel(facts, violations);
        new AnswerChecks(model, log, hasClocks, violations).Run();
        new ReadChecks(model, log, hasClocks, violations).Run();
        await new StoreChecks(bank, clients, model, violations).RunAsync(facts);
        return model;
    }

    // Something may expire at any moment, and its event needs a moment to the log.
    private async Task WaitForLogAsync()
    {
        for (var attempt = 0; attempt < OpponentLimits.LogAttempts && !IsLogLevel(); attempt++)
            await Task.Delay(TimeSpan.FromMilliseconds(100), time);
    }

    private bool IsLogLevel() => Enumerable.Range(0, bank.Disks.Ledger.Map.Shards).All(shard =>
        bank.Disks.Log.SequencesOf("account.events", shard) is var published
        && (published.Count == 0 ? 0 : published[^1]) == bank.Disks.Ledger.DurableSeq(shard));

    /// <summary>The durable events of all shards, as published.</summary>
    public IEnumerable<Fact> Facts()
    {
        for (var shard = 0; shard < bank.Disks.Ledger.Map.Shards; shard++)
        {
            foreach (var happened in bank.Disks.Ledger.DurableEvents(shard))
            {
                yield return new Fact(
                    shard, happened.Position.Seq, EventTypes.All.First(kind => kind.Type == happened.Type).Name,
                    happened.Subject, happened.Version, happened.TimeUs, happened.Data);
            }
        }
    }
}
