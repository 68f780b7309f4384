using Tideline.Ledger;
using Tideline.Ledger.Installation;
using Tideline.Tools.Load;
using Tideline.Tools.Simulation;
using Tideline.Tools.Simulation.Engines;

namespace Tideline.Tools.Opponent;

/// <summary>
/// The end of some runs: all shards are put back to a backup of one moment and begin an epoch, while log, views and
/// cache stay as they are. What is only there must be passed over, and the bank goes on from the backup.
/// </summary>
internal sealed class Restore(
    SimulatedBank bank, Clients clients, RunLog log, TimeProvider time, Violations violations)
{
    private IReadOnlyList<int>? _backup;

    /// <summary>Takes the backup at some moment of the run.</summary>
    public async Task TakeAsync(SeededRandom random)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(random.Below(OpponentLimits.BackupMs)), time);
        _backup = bank.Disks.Ledger.Backup();
        log.Note("a backup of the ledger is taken");
    }

    /// <summary>Restores it, and checks that everything agrees with it.</summary>
    public async Task RunAsync()
    {
        if (_backup is not { } backup) return;
        for (var node = 0; node < bank.Nodes; node++) bank.Kill(node);
        // Their leases run out.
        await Task.Delay(TimeSpan.FromMilliseconds(2 * LedgerLimits.LeaseMs), time);
        bank.Disks.Ledger.Restore(backup);
        log.Note($"all nodes are killed, and the ledger is restored to {string.Join(' ', bank.Heads())}");
        await using (var store = new SimulatedLedgerStore(
            bank.Disks.Ledger, bank.Disks.ServerTime, new ShardOwner("restore", "", new Guid(1, 0, 0, new byte[8]))))
        {
            await EpochBeginning.RunAsync(
                store, "a restore", bank.Disks.ServerTime.GetUtcNow(), 0, CancellationToken.None);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(2 * LedgerLimits.LeaseMs), time);
        await Task.WhenAll(Enumerable.Range(0, bank.Nodes).Select(node => bank.KeepStartingAsync(node, time)));
        await SendAgainAsync();
        await new Quiet(clients, bank, time).WaitAsync(violations);
        var facts = new LawChecks(bank, clients, log, time, hasClocks: true, violations).Facts().ToList();
        await new StoreChecks(bank, clients, new BankModel(facts, violations), violations)
            .RunAsync(facts, isLogWhole: false);
    }

    // What the backup does not hold may be done again under its key, and what it holds is answered as before.
    private async Task SendAgainAsync()
    {
        var done = log.Operations
            .Where(each => each.Key is not null && each.Kind is OperationKind.Deposit or OperationKind.Transfer)
            .Where(each => each.Status is 200 or 201).TakeLast(OpponentLimits.SentAgain).ToList();
        var legs = new LawChecks(bank, clients, log, time, hasClocks: true, violations).Facts()
            .Where(fact => fact.Number("amountMinor") != 0)
            .ToLookup(fact => fact.Id("sagaId") != Guid.Empty ? fact.Id("sagaId") : fact.Id("transactionId"));
        foreach (var operation in done)
        {
            var isTransfer = operation.Kind == OperationKind.Transfer;
            var held = legs[Effects.IdOf(operation, operation)].Count() == (isTransfer ? 2 : 1);
            var again = await clients.AskAgainAsync(operation);
            if (held && !AnswerChecks.IsSame(operation, again))
                violations.Add(
                    "I4", "After a restore, what the backup holds is answered differently", operation, again);
        }
    }
}
