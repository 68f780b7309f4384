using Tideline.Tools.Load;
using Tideline.Tools.Simulation;

namespace Tideline.Tools.Opponent;

/// <summary>
/// The views are lost while nothing is written that would meet the loss: they come back by themselves, and until then
/// no list lacks what it must show.
/// </summary>
internal sealed class IdleLoss(SimulatedBank bank, Clients clients, RunLog log, TimeProvider time)
{
    public async Task RunAsync(SeededRandom random)
    {
        log.Note("the views are lost while nothing is written");
        log.AreViewsTouched = true;
        bank.Disks.Views.Wipe(keepsCollections: random.Percent(50));
        for (var ask = 0; ask < OpponentLimits.IdleAsks; ask++)
        {
            var customer = KnownBank.Any(clients.Known.Customers, random);
            await clients.AskAsync(
                OperationKind.ReadMovements, "GET", $"/v1/transactions?customerId={customer}&limit=8", "strong",
                subject: customer, isWalk: true);
            await Task.Delay(TimeSpan.FromMicroseconds(random.Below(OpponentLimits.BesideUs)), time);
        }
    }
}
