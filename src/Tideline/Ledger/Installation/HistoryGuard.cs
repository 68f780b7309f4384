using Microsoft.Extensions.Logging;
using Tideline.Kernel;

namespace Tideline.Ledger.Installation;

/// <summary>Admits a shard when every witness that can be asked has seen nothing that the shard lacks.</summary>
public sealed partial class HistoryGuard(ILogger logger)
{
    private readonly List<(Witness Witness, Witness? Instead)> _witnesses = [];

    /// <summary>Adds a witness; before the first shard is acquired.</summary>
    /// <param name="witness">What saw how far the shards were.</param>
    /// <param name="instead">Who is asked where the witness saw nothing of a shard, because it was made anew.</param>
    public void Add(Witness witness, Witness? instead = null) => _witnesses.Add((witness, instead));

    /// <summary>Holds a shard against what was seen of it.</summary>
    /// <exception cref="TidelineException">Corrupt: the shard is not the one that was seen, and must not be built upon.</exception>
    public async Task AdmitAsync(IShardReader reader, int shard, CancellationToken cancel)
    {
        foreach (var (first, instead) in _witnesses)
        {
            var witness = instead is null || await HasSeenAsync(first, shard, cancel) ? first : instead;
            if (await FindFaultAsync(reader, shard, witness, cancel) is { } fault) throw new TidelineException(ErrorCode.Corrupt, fault);
        }
    }

    /// <summary>Checks that the shards of a store belong together: one installation, one epoch.</summary>
    /// <exception cref="TidelineException">Corrupt, saying which shard is another's.</exception>
    public static void RequireOneInstallation(ILedgerStore store)
    {
        var first = store.Epochs(0)[^1];
        for (var shard = 1; shard < store.Map.Shards; shard++)
        {
            var other = store.Epochs(shard)[^1];
            if (other.Installation != first.Installation)
            {
                throw new TidelineException(
                    ErrorCode.Corrupt,
                    $"Shard {shard} belongs to installation {other.Installation}, shard 0 to {first.Installation}: they were put together from two.");
            }

            if (other.Number != first.Number)
            {
                throw new TidelineException(
                    ErrorCode.Corrupt,
                    $"Shard {shard} is in installation epoch {other.Number}, shard 0 in epoch {first.Number}: either they are of different backups, "
                    + "or an epoch was begun and not finished. In the second case run: ./tideline epoch begin");
            }
        }
    }

    private static async Task<bool> HasSeenAsync(Witness witness, int shard, CancellationToken cancel)
    {
        try
        {
            return await witness.ReadAsync(shard, cancel) is { EventSeq: > 0 };
        }
        catch (TidelineException)
        {
            return false;
        }
    }

    // A witness that is away says nothing: the others decide.
    private async Task<string?> FindFaultAsync(IShardReader reader, int shard, Witness witness, CancellationToken cancel)
    {
        try
        {
            return await HistoryCheck.FindFaultAsync(reader, shard, witness, cancel);
        }
        catch (TidelineException fault)
        {
            NotAsked(logger, witness.Name, shard, fault);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Witness} could not say how far shard {Shard} was.")]
    private static partial void NotAsked(ILogger logger, string witness, int shard, Exception fault);
}
