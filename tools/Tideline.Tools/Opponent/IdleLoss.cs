using Tideline.Tools.Load;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Opponent;

/// <summary>
/// The views are lost while nothing is written that would meet the loss: they come back by themselves, and until then
/// no answer lacks what it must show.
/// </summary>
internal sealed class IdleLoss(SimulatedBank bank, Clients clients, RunLog log, TimeProvider time)
{
    public async Task RunAsync(SeededRandom random)
    {
        log.Note("the views are lost while nothing is written");
        log.TouchViews();
        bank.Disks.Views.Wipe(keepsCollections: random.Percent(50));
        if (clients.Known.Customers.Count == 0) return;
        for (var began = bank.ElapsedUs; bank.ElapsedUs - began < OpponentLimits.IdleAskUs;)
        {
            await AskAsync(KnownBank.Any(clients.Known.Customers, random), random);
            await Task.Delay(TimeSpan.FromMicroseconds(2 * random.Below(OpponentLimits.BesideUs)), time);
        }
    }

    private Task<Operation> AskAsync(Guid customer, SeededRandom random)
    {
        var level = random.Percent(70) ? "strong" : $"bounded={random.Below(2_000)}";
        return random.Percent(60)
            ? clients.AskAsync(
                OperationKind.ReadMovements, "GET", $"/v1/transactions?customerId={customer}&limit=8", level,
                subject: customer, isWalk: true)
            : clients.AskAsync(
                OperationKind.ReadCustomer, "GET", $"/v1/customers/{customer}", level, subject: customer);
    }
}
