using Microsoft.Extensions.Logging.Abstractions;
using Tideline.Kernel;
using Tideline.Ledger;
using Tideline.Sagas;

namespace Tideline.Consistency;

/// <summary>
/// Whether the shards of a store that no process uses are of one moment: copies of different ones differ in what is
/// under way between them.
/// </summary>
public static class OneMoment
{
    /// <summary>Why they are not, in sentences; null when they are, as far as money between them shows.</summary>
    public static async Task<string?> FindFaultAsync(
        ILedgerStore store, SagaDefinitions definitions, TimeProvider time, CancellationToken cancel)
    {
        // Never reachable: it acquires no shard.
        await using var ledger = await GeneralLedger.StartAsync(
            store, time, new IdGenerator(time), NullLogger.Instance, cancel, new TaskCompletionSource().Task,
            acceptClock: true);
        var (findings, _) = await new ClearingCheck(ledger, definitions).RunAsync(cancel);
        return findings.Count == 0 ? null : string.Join(Environment.NewLine, findings);
    }
}
