using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>
/// Compares a shard with every reachable witness. The shard is admitted if none observed anything that it lacks.
/// </summary>
public sealed partial class HistoryGuard(TimeProvider time, ILogger logger)
{
    private readonly Lock _adding = new();
    private volatile (Witness Witness, Witness? Instead)[] _witnesses = [];

    /// <summary>Adds a witness. Every shard acquired from now on is compared with it.</summary>
    /// <param name="witness">The record of how far the shards had come.</param>
    /// <param name="instead">The witness to use if this one has no record of a shard because it was recreated.</param>
    public void Add(Witness witness, Witness? instead = null)
    {
        lock (_adding) _witnesses = [.. _witnesses, (witness, instead)];
    }

    /// <summary>
    /// Why the shard is not the observed one and must not be used; null if it is. The lease of the shard is not renewed
    /// meanwhile, so all witnesses together have <see cref="LedgerLimits.WitnessMs"/>: a witness that does not answer
    /// in time counts as away. The relay compares with the log once more before its first append.
    /// </summary>
    public async Task<HistoryFault?> FindFaultAsync(IShardReader reader, int shard, CancellationToken cancel)
    {
        var late = Task.Delay(TimeSpan.FromMilliseconds(LedgerLimits.WitnessMs), time, CancellationToken.None);
        Witness InTime(Witness witness) => witness with
        {
            ReadAsync = async (of, token) =>
            {
                var seen = witness.ReadAsync(of, token).AsTask();
                if (await Task.WhenAny(seen, late) == seen || seen.IsCompleted) return await seen;
                _ = seen.ContinueWith(static gone => gone.Exception, TaskScheduler.Default);
                throw new TidelineException(
                    ErrorCode.StorageUnavailable, $"{witness.Name} did not answer within {LedgerLimits.WitnessMs} ms.");
            },
        };

        foreach (var (asked, otherwise) in _witnesses)
        {
            var (first, instead) = (InTime(asked), otherwise is null ? null : InTime(otherwise));
            var witness = instead is null || await HasSeenAsync(first, shard, cancel) ? first : instead;
            if (await FindFaultAsync(reader, shard, witness, cancel) is { } fault) return fault;
        }

        return null;
    }

    /// <summary>Checks that the shards of a store belong together: one installation, one epoch.</summary>
    /// <exception cref="TidelineException">Corrupt, naming the shard that does not belong.</exception>
    public static async Task RequireOneInstallationAsync(ILedgerStore store, CancellationToken cancel)
    {
        var first = store.Epochs(0)[^1];
        for (var shard = 1; shard < store.Map.Shards; shard++)
        {
            var other = store.Epochs(shard)[^1];
            if (other.Installation != first.Installation)
            {
                throw new TidelineException(
                    ErrorCode.Corrupt,
                    $"Shard {shard} belongs to installation {other.Installation}, shard 0 to {first.Installation}: "
                        + $"they come from two installations.");
            }

            if (other.Number != first.Number)
            {
                if (await FindLostShardAsync(store, cancel) is { } lost)
                    throw new TidelineException(ErrorCode.Corrupt, lost);
                throw new TidelineException(
                    ErrorCode.Corrupt,
                    $"Shard {shard} is in installation epoch {other.Number}, shard 0 in epoch {first.Number}: either "
                    + $"they come from different backups, or an epoch was begun and not finished. In the second case "
                    + $"run: "
                    + $"./tideline epoch begin");
            }
        }
    }

    /// <summary>
    /// Names an empty shard in an earlier epoch than a shard with events: it was created in place of a lost one. Null
    /// if there is none.
    /// </summary>
    internal static async Task<string?> FindLostShardAsync(ILedgerStore store, CancellationToken cancel)
    {
        long[] numbers = [.. Enumerable.Range(0, store.Map.Shards).Select(shard => store.Epochs(shard)[^1].Number)];
        if (numbers.Min() == numbers.Max()) return null;
        var used = 0L;
        for (var shard = 0; shard < numbers.Length; shard++)
        {
            if (!await IsEmptyAsync(store, shard, cancel)) used = Math.Max(used, numbers[shard]);
        }

        for (var shard = 0; shard < numbers.Length; shard++)
        {
            if (numbers[shard] >= used || !await IsEmptyAsync(store, shard, cancel)) continue;
            return $"Shard {shard} holds nothing and is in installation epoch {numbers[shard]}, beside shards with "
                + $"events in epoch {used}: acknowledged commands on it are lost. Restore all shards from one backup "
                + $"(docs/operating/backup.md).";
        }

        return null;
    }

    internal static async Task<bool> IsEmptyAsync(ILedgerStore store, int shard, CancellationToken cancel)
    {
        await using var reader = store.OpenReader(shard);
        return (await reader.GetHeadAsync(cancel)).EventSeq == 0;
    }

    private static async Task<bool> HasSeenAsync(Witness witness, int shard, CancellationToken cancel)
    {
        try
        {
            return await witness.ReadAsync(shard, cancel) is { EventSeq: > 0 };
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or OutOfMemoryException))
        {
            return false;
        }
    }

    // An unreachable witness is skipped: the others decide.
    private async Task<HistoryFault?> FindFaultAsync(
        IShardReader reader, int shard, Witness witness, CancellationToken cancel)
    {
        try
        {
            return await HistoryCheck.FindFaultAsync(reader, shard, witness, cancel);
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or OutOfMemoryException))
        {
            NotAsked(logger, witness.Name, shard, fault);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Witness} could not report the head of shard {Shard}.")]
    private static partial void NotAsked(ILogger logger, string witness, int shard, Exception fault);
}
