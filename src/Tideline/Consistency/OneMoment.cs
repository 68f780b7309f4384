using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Consistency;

/// <summary>
/// Checks whether the shards of a store that no process uses are copies of one moment. Copies of different moments
/// differ in what is in transit between them.
/// </summary>
public static class OneMoment
{
    /// <summary>Why they are not, in sentences; null if they are, as far as the money in transit shows.</summary>
    public static async Task<string?> FindFaultAsync(
        ILedgerStore store, SagaDefinitions definitions, TimeProvider time, CancellationToken cancel)
    {
        // Never reachable, so the ledger acquires no shard.
        await using var ledger = await GeneralLedger.StartAsync(
            store, time, new IdGenerator(time), NullLogger.Instance, cancel, new TaskCompletionSource().Task,
            acceptClock: true);
        var (findings, _) = await new ClearingCheck(ledger, definitions).RunAsync(cancel);
        return findings.Count == 0 ? null : string.Join(Environment.NewLine, findings);
    }
}
